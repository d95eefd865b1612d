/** Tests on a real PostgreSQL which rows the purge deletes. */
import { freshDatabase, runSql, statement, type TestDatabase } from '../../test/support/database.ts';
import { openDatabase, type Database } from '../platform/database.ts';
import { purgeExpired } from './purge.ts';

const ann = '00000000-0000-4000-8000-000000000001';
let database: TestDatabase;
let db: Database;

beforeAll(async () => {
  database = await freshDatabase();
  db = openDatabase({ url: database.url });
  await run(`insert into accounts (id, email, email_canonical) values ('${ann}', 'ann', 'ann')`);
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

const run = (text: string) => runSql(db, text);
const remaining = async (column: string, table: string) =>
  (await runSql<{ id: string }>(db, `select ${column} as id from ${table} order by 1`)).map(({ id }) => id);

/**
 * @param ended days since the session ended; undefined for a live session
 * @param account null for a session in which nobody has signed in
 */
const insertSession = (uid: string, ended?: number, account: string | null = ann) =>
  run(`insert into sessions (uid, id_hash, account_id, expires_at, ended_at)
    values ('${uid}', '', ${account === null ? 'null' : `'${account}'`}, now() - interval '${ended ?? -1} days',
      ${ended === undefined ? 'null' : `now() - interval '${ended} days'`})`);
/**
 * @param revoked days since the grant was revoked; undefined for a live grant
 * @param expired days since the grant expired; negative when it has not expired yet
 */
const insertGrant = (
  id: string,
  sessionUid: string,
  { revoked = undefined as number | undefined, expired = -1 } = {},
) =>
  run(`insert into grants (id, account_id, client_id, session_uid, permissions, expires_at, revoked_at)
    values ('${id}', '${ann}', 'app', '${sessionUid}', '{}', now() - interval '${expired} days',
      ${revoked === undefined ? 'null' : `now() - interval '${revoked} days'`})`);
/** @param expired days since the token expired; negative when it has not expired yet */
const insertToken = (id: string, grantId: string, expired: number) =>
  run(`insert into artifacts (kind, id_hash, grant_id, payload, expires_at)
    values ('RefreshToken', '${id}', '${grantId}', '{}', now() - interval '${expired} days')`);

test('tokens, grants and sessions are deleted when nothing refers to them any more', async () => {
  await insertSession('live');
  await insertSession('ended', 29);
  await insertSession('old', 31);
  await insertSession('offline', 31);
  await insertSession('forgotten', 31);
  await insertSession('nobody', 1, null);
  await insertGrant('live', 'live');
  await insertGrant('just revoked', 'ended', { revoked: 0.5 });
  await insertGrant('revoked', 'old', { revoked: 2 });
  await insertGrant('offline', 'offline');
  await insertGrant('unused', 'forgotten');
  await insertGrant('expired', 'old', { expired: 2 });
  await insertToken('live', 'live', -1);
  await insertToken('expired', 'live', 1);
  await insertToken('of revoked', 'revoked', -1);
  await insertToken('offline', 'offline', -1);

  await purgeExpired(db);
  expect(await remaining(`convert_from(id_hash, 'utf8')`, 'artifacts')).toEqual(['live', 'offline']);
  expect(await remaining('id', 'grants')).toEqual(['just revoked', 'live', 'offline']);
  // This purge kept a session whose grants it deleted. The next purge deletes the session.
  expect(await remaining('uid', 'sessions')).toEqual(['ended', 'forgotten', 'live', 'offline']);
  await purgeExpired(db);
  expect(await remaining('uid', 'sessions')).toEqual(['ended', 'live', 'offline']);
});

test('old notices, receipts, counters and registration tokens are deleted', async () => {
  const uuid = `md5(d::text)::uuid`;
  /** `d`: days since the row was created or expired. */
  const fromDays = `from unnest('{-1,1,100}'::integer[]) d`;
  await run(`insert into logout_notices (id, session_uid, account_id, client_id, channel, reason, created_at)
    select ${uuid}, d::text, '${ann}', 'app', 'none', 'expired', now() - d * interval '1 day' ${fromDays}`);
  await run(`insert into receipts (token_hash, session_uid, expires_at)
    select d::text::bytea, d::text, now() - d * interval '1 day' ${fromDays}`);
  await run(`insert into sign_in_attempts (subject, place, budget, remaining, expires_at)
    select d::text::bytea, '', 'name', 1, now() - d * interval '1 day' ${fromDays}`);
  await run(`insert into rate_limits (key, expire)
    select d::text, extract(epoch from now() - d * interval '1 day') * 1000 ${fromDays}`);
  await run(`insert into registration_tokens (id, token_hash, uses_left, expires_at)
    select ${uuid}, d::text::bytea, 1, now() - d * interval '1 day' ${fromDays}`);
  await run(`insert into receiver_states (client_id, failures, not_before)
    select d::text, 1, now() - d * interval '1 day' ${fromDays}`);
  await purgeExpired(db);
  expect(await remaining('session_uid', 'logout_notices')).toEqual(['-1', '1']);
  expect(await remaining('session_uid', 'receipts')).toEqual(['-1']);
  expect(await remaining(`convert_from(subject, 'utf8')`, 'sign_in_attempts')).toEqual(['-1']);
  expect(await remaining('key', 'rate_limits')).toEqual(['-1']);
  expect(await remaining(`convert_from(token_hash, 'utf8')`, 'registration_tokens')).toEqual(['-1', '1']);
  expect(await remaining('client_id', 'receiver_states')).toEqual(['-1', '1']);
});

const someReceipts = `insert into receipts (token_hash, session_uid, expires_at)
  select n::text::bytea, '', now() - n * interval '1 second' from generate_series(1, 2500) n`;

test('many rows are deleted in several batches, and a row that another transaction locks is skipped', async () => {
  await run('delete from receipts');
  await run(someReceipts);
  const batches: number[] = [];
  const onBatch = (name: string, { deleted }: { deleted: number }) =>
    void (name === 'receipts' && batches.push(deleted));
  await db.startUnitOfWork(async (unit) => {
    await db.guard(statement(`select from receipts where token_hash = '7' for update`));
    const otherConnection = openDatabase({ url: database.url });
    await purgeExpired(otherConnection, { onBatch });
    await otherConnection.close();
    await unit.rollback();
  });
  expect(batches).toEqual([1000, 1000, 499]);
  expect(await remaining(`convert_from(token_hash, 'utf8')`, 'receipts')).toEqual(['7']);
});

test('a purge with a failing table deletes the rows of the others and throws the errors', async () => {
  await run('delete from receipts');
  await run(someReceipts);
  await insertToken('late', 'live', 1);
  await run('alter table grants rename to grants_away');
  const purge = purgeExpired(db);
  // undefined_table, for each of the three statements that read grants.
  await expect(purge).rejects.toMatchObject({ errors: [{ code: '42P01' }, { code: '42P01' }, { code: '42P01' }] });
  await run('alter table grants_away rename to grants');
  expect(await remaining('token_hash', 'receipts')).toEqual([]);
  expect(await remaining(`convert_from(id_hash, 'utf8')`, 'artifacts')).toEqual(['live', 'offline']);
});

test('an aborted purge starts no further batch', async () => {
  await run(someReceipts);
  const stopping = new AbortController();
  await purgeExpired(db, {
    signal: stopping.signal,
    onBatch: (name) => void (name === 'receipts' && stopping.abort()),
  });
  expect((await remaining('token_hash', 'receipts')).length).toBe(1500);
});
