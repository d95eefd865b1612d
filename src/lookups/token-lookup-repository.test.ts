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
  const nobody = { email: 'a@example.com', emailCanonical: 'a@example.com', emailVerifiedAt: undefined };
  const names = { username: undefined, usernameCanonical: undefined, name: undefined, attributes: {} };
  await db.inUnitOfWork(() => insertAccount(db, { id: accountId, ...nobody, ...names }));
  await runSql(db, `insert into clients (id, kind, metadata) values ('c', 'web', '{}')`);
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

/** Stores a token with a grant and a session, each named like it. @returns what finds the token */
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

test('a token is found with its grant, its session and its account, whichever of the kinds it is of', async () => {
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

test('G09 no token is found whose client is being removed', async () => {
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

test('an ended session, and one that is about to end, is not found with its token', async () => {
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
