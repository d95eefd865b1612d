/** Tests on a real PostgreSQL what ends with a session or the removal of an app, and which apps are notified. */
import { randomUUID } from 'node:crypto';
import { freshDatabase, runSql, statement, type TestDatabase } from '../../test/support/database.ts';
import { Refusal } from '../errors.ts';
import { openDatabase, type Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';
import {
  endExpiredSessions,
  revokeAllAccess,
  endAccountSession,
  endSessions,
  endAccountSessions,
} from './end-session.ts';
import { revokeReplayedGrant, removeApp } from './remove-app.ts';
import { listSessions } from './session-repository.ts';
import type { Authorizations } from './session.ts';

let database: TestDatabase;
let db: Database;
let ann: string;

const insertClient = sql`insert into clients (id, kind, metadata) values ($1, 'web', $2)`;
const insertAccount = sql`insert into accounts (id, email, email_canonical) values ($1, $2, $2)`;
const insertSession = sql`
  insert into sessions (uid, id_hash, account_id, authorizations, expires_at)
  values ($1, decode(md5($1), 'hex'), $2, $3, now() + make_interval(secs => $4))`;
const insertGrant = sql`
  insert into grants (id, account_id, client_id, session_uid, permissions, expires_at)
  values ($1, $2, $3, $4, '{}', now() + interval '1 day')`;

const write = (work: () => void) => db.inUnitOfWork(async () => work());

beforeAll(async () => {
  database = await freshDatabase();
  db = openDatabase({ url: database.url });
  const uri = 'https://app.example/';
  await write(() => {
    db.write(insertClient, ['back', { backchannel_logout_uri: uri, frontchannel_logout_uri: uri }]);
    db.write(insertClient, ['front', { frontchannel_logout_uri: uri }]);
    db.write(insertClient, ['none', {}]);
  });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

async function person(): Promise<string> {
  const id = randomUUID();
  await write(() => db.write(insertAccount, [id, id]));
  return id;
}
beforeEach(async () => {
  await write(() => {
    for (const table of ['sessions', 'grants', 'logout_notices', 'consents'])
      db.write(statement(`delete from ${table}`));
    db.write(statement('delete from graphile_worker._private_jobs'));
  });
  ann = await person();
});

/** Inserts a session at these apps with a grant for each; the grant of `back` has the id `<uid> back`. */
async function session(uid: string, apps: string[], { of = ann, offline = [] as string[], seconds = 60 } = {}) {
  const entries = apps.map((id) => {
    return [
      id,
      { sid: `sid ${uid} ${id}`, grantId: `${uid} ${id}`, ...(offline.includes(id) && { persistsLogout: true }) },
    ];
  });
  await write(() => {
    db.write(insertSession, [uid, of, Object.fromEntries(entries) as Authorizations, seconds]);
    for (const id of apps) db.write(insertGrant, [`${uid} ${id}`, of, id, uid]);
  });
}

const liveGrants = async () =>
  (await runSql<{ id: string }>(db, 'select id from grants where revoked_at is null order by id')).map(({ id }) => id);
const noticeLines = async () =>
  (
    await runSql<{ line: string }>(
      db,
      `select concat_ws(', ', channel, client_id, sid, reason) as line from logout_notices order by 1`,
    )
  ).map(({ line }) => line);
const jobs = async () => (await runSql(db, 'select from graphile_worker._private_jobs')).length;
const uids = async (of = ann) => (await listSessions(db, of, 100)).map(({ uid }) => uid).toSorted();
const events = async (kind: string) =>
  (
    await runSql<{ detail: object }>(
      db,
      `select detail from audit_events where kind = '${kind}'
    and account_id = '${ann}'`,
    )
  ).map(({ detail }) => detail);

test('each app gets a notice for its channel, with its sid; the built-in client gets none', async () => {
  await session('s', ['back', 'front', 'none', 'frontdesk', 'gone']);
  await endSessions(db, ['s'], 'signed_out');
  expect(await noticeLines()).toEqual([
    'back, back, sid s back, signed_out',
    'front, front, sid s front, signed_out',
    'none, none, sid s none, signed_out',
  ]);
  expect([await jobs(), await uids(), await liveGrants()]).toEqual([1, [], []]);
  expect(await events('session.ended')).toEqual([{ reason: 'signed_out', apps: 3 }]);
});

test('an ended session is not ended again, and the end of an anonymous session is no audit event', async () => {
  await session('s', ['back']);
  for (let round = 0; round < 2; round += 1) await endSessions(db, ['s', 'unknown'], 'signed_out');
  expect([(await noticeLines()).length, (await events('session.ended')).length]).toEqual([1, 1]);
  await write(() => db.write(insertSession, ['nobody', null, {}, 60]));
  await endSessions(db, ['nobody'], 'signed_out');
  expect((await noticeLines()).length).toBe(1);
  expect(await runSql(db, "select from audit_events where session_uid = 'nobody'")).toEqual([]);
});

test('offline access outlives its session and is revoked with all access', async () => {
  await session('s', ['back', 'none'], { offline: ['back'] });
  await endSessions(db, ['s'], 'signed_out');
  expect(await liveGrants()).toEqual(['s back']);
  await runSql(db, 'delete from logout_notices');
  await revokeAllAccess(db, ann, 'password_changed');
  expect(await liveGrants()).toEqual([]);
  // The notice has the sid of the session that had ended before.
  expect(await noticeLines()).toEqual(['back, back, sid s back, password_changed']);
});

test('an account can end one of its sessions by uid, and none of another account', async () => {
  await session('one', ['back']);
  await session('two', ['back']);
  await session('of-another', ['back'], { of: await person() });
  await endAccountSession(db, ann, 'one', 'ended_from_another_device');
  expect(await uids()).toEqual(['two']);
  for (const uid of ['of-another', 'one', 'unknown']) {
    const refused = endAccountSession(db, ann, uid, 'ended_from_another_device');
    await expect(refused).rejects.toThrow(new Refusal('session_unknown'));
  }
  expect(await liveGrants()).toEqual(['of-another back', 'two back']);
});

test('all sessions of an account are ended, or all but one', async () => {
  const ben = await person();
  for (const uid of ['one', 'two', 'three']) await session(uid, ['back']);
  await session('of-ben', ['back'], { of: ben });
  expect(await endAccountSessions(db, ann, 'ended_from_another_device', 'two')).toBe(2);
  expect(await uids()).toEqual(['two']);
  expect(await endAccountSessions(db, ann, 'ended_by_administrator')).toBe(1);
  expect([await uids(), await uids(ben)]).toEqual([[], ['of-ben']]);
  // One job delivers all notices of an app.
  expect([(await noticeLines()).length, await jobs()]).toEqual([3, 1]);
});

test('all access ends except for one session', async () => {
  await session('here', ['back', 'none'], { offline: ['none'] });
  await session('there', ['back'], { offline: ['back'] });
  await revokeAllAccess(db, ann, 'password_changed', 'here');
  expect([await uids(), await liveGrants()]).toEqual([['here'], ['here back', 'here none']]);
});

test('G09 only expired sessions are ended, in several batches', async () => {
  const manyUids = Array.from({ length: 410 }, (_, index) => `old-${index}`);
  await write(() => {
    for (const uid of manyUids) db.write(insertSession, [uid, ann, {}, -1]);
  });
  await session('late', ['back'], { seconds: -1 });
  await session('live', ['back']);
  await endExpiredSessions(db);
  const remaining = await runSql<{ uid: string }>(db, 'select uid from sessions where ended_at is null');
  expect(remaining).toEqual([{ uid: 'live' }]);
  expect(await noticeLines()).toEqual(['back, back, sid late back, expired']);
});

test('an expired session that ends with all access gets one notice, with that reason', async () => {
  await session('late', ['back'], { seconds: -1 });
  await revokeAllAccess(db, ann, 'account_suspended');
  expect(await liveGrants()).toEqual([]);
  await endExpiredSessions(db);
  expect(await noticeLines()).toEqual(['back, back, sid late back, expired']);
});

describe('removing an app', () => {
  test('by the person removes it from all sessions and deletes its consent', async () => {
    await session('one', ['back', 'none']);
    await session('two', ['back']);
    await session('over', ['back'], { offline: ['back'] });
    await endSessions(db, ['over'], 'signed_out');
    const consent = `insert into consents (account_id, client_id) values ('${ann}', 'back'), ('${ann}', 'none')`;
    await runSql(db, 'delete from logout_notices');
    await runSql(db, consent);
    await removeApp(db, ann, 'back');
    expect(await noticeLines()).toEqual(
      ['one', 'over', 'two'].map((uid) => `back, back, sid ${uid} back, app_removed`),
    );
    const remaining = (await listSessions(db, ann, 100)).map(({ uid, authorizations }) => [
      uid,
      Object.keys(authorizations),
    ]);
    expect(Object.fromEntries(remaining)).toEqual({ one: ['none'], two: [] });
    expect(await liveGrants()).toEqual(['one none']);
    expect(await runSql(db, 'select client_id from consents')).toEqual([{ client_id: 'none' }]);
    expect(await events('app.removed')).toEqual([{ grants: 3 }]);
  });

  test('after a stolen refresh token removes it from that session only', async () => {
    await session('one', ['back', 'none']);
    await session('two', ['back']);
    await revokeReplayedGrant(db, 'one back');
    expect(await noticeLines()).toEqual(['back, back, sid one back, refresh_token_reused']);
    expect([await uids(), await liveGrants()]).toEqual([
      ['one', 'two'],
      ['one none', 'two back'],
    ]);
    await revokeReplayedGrant(db, 'one back');
    expect(await events('refresh-token.reused')).toEqual([{ grantId: 'one back' }]);
  });
});
