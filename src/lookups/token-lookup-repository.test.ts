/** Tests on a real PostgreSQL what is found by a token. */
import { randomUUID } from 'node:crypto';
import { freshDatabase, runSql, type TestDatabase } from '../../test/support/database.ts';
import { insertAccount } from '../accounts/account-repository.ts';
import { upsertGrant } from '../grants/grant-repository.ts';
import { openDatabase, type Database } from '../platform/database.ts';
import { upsertArtifact } from '../tokens/artifact-repository.ts';
import { findToken } from './token-lookup-repository.ts';

let database: TestDatabase;
let db: Database;
const accountId = randomUUID();
const soon = () => new Date(Date.now() + 60_000);

beforeAll(async () => {
  database = await freshDatabase();
  db = openDatabase({ url: database.url });
  const emailFields = { email: 'a@example.com', emailCanonical: 'a@example.com', emailVerifiedAt: undefined };
  const nameFields = { username: undefined, usernameCanonical: undefined, name: undefined, attributes: {} };
  await db.inUnitOfWork(() => insertAccount(db, { id: accountId, ...emailFields, ...nameFields }));
  await runSql(db, `insert into clients (id, kind, metadata) values ('c', 'web', '{}')`);
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

/** Stores a token, a grant and a session, all with the same id. @returns a function that finds the token */
async function storeToken(name: string): Promise<() => ReturnType<typeof findToken>> {
  const idHash = Buffer.from(name);
  await runSql(
    db,
    `insert into sessions (uid, id_hash, account_id, expires_at) values ('${name}', '${name}', $1, now() + interval '1 hour')`,
    [accountId],
  );
  await db.inUnitOfWork(async () => {
    upsertGrant(db, { id: name, accountId, clientId: 'c', sessionUid: name, permissions: {}, expiresAt: soon() });
    const payload = { clientId: 'c', accountId, sessionUid: name };
    upsertArtifact(db, { kind: 'AccessToken', idHash, grantId: name, payload, expiresAt: soon() });
  });
  return () =>
    findToken(db, [
      { kind: 'RefreshToken', idHash },
      { kind: 'AccessToken', idHash },
    ]);
}

test('a token of one of several kinds is found with its grant, its session and its account', async () => {
  const find = await storeToken('all');
  expect(await find()).toMatchObject({
    kind: 'AccessToken',
    artifact: { payload: { clientId: 'c' }, consumedAt: undefined, isWithinGrace: false },
    grant: { id: 'all', accountId, clientId: 'c', sessionUid: 'all' },
    session: { uid: 'all', accountId, authorizations: {} },
    account: { id: accountId, email: 'a@example.com', suspendedAt: undefined },
  });
});

test('B18 a value of one kind is not found as another kind', async () => {
  await storeToken('kind');
  expect(await findToken(db, [{ kind: 'RefreshToken', idHash: Buffer.from('kind') }])).toBeUndefined();
});

test('a token is found only while its grant is live', async () => {
  const find = await storeToken('revoked');
  await runSql(db, `update grants set revoked_at = now() where id = 'revoked'`);
  expect(await find()).toBeUndefined();
});

test('G09 a token is not found while its client is being removed', async () => {
  const find = await storeToken('removed');
  const payload = { clientId: 'c' };
  await db.inUnitOfWork(async () =>
    upsertArtifact(db, { kind: 'ClientCredentials', idHash: Buffer.from('machine'), payload, expiresAt: soon() }),
  );
  const findMachineToken = () => findToken(db, [{ kind: 'ClientCredentials', idHash: Buffer.from('machine') }]);
  expect(await findMachineToken()).toMatchObject({ grant: undefined, session: undefined, account: undefined });
  await runSql(db, `insert into client_removals (client_id) values ('c')`);
  expect(await find()).toBeUndefined();
  expect(await findMachineToken()).toBeUndefined();
  await runSql(db, `delete from client_removals`);
});

test('a token is found without its ended session, and not at all when its session is about to end', async () => {
  const find = await storeToken('ended');
  await runSql(db, `update sessions set ended_at = now() where uid = 'ended'`);
  expect(await find()).toMatchObject({ grant: { id: 'ended' }, session: undefined });

  const findEnding = await storeToken('ending');
  await runSql(
    db,
    `insert into pending_endings (account_id, reason, includes_offline, kept_session_uid)
    select $1, 'signed_out', true, null`,
    [accountId],
  );
  expect(await findEnding()).toBeUndefined();
  await runSql(db, `delete from pending_endings`);
});
