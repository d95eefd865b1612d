/** Finding and consuming artifacts, on a real PostgreSQL. */
import { randomUUID } from 'node:crypto';
import { freshDatabase, runSql, type TestDatabase } from '../../test/support/database.ts';
import { findGrant, revokeGrantRow, upsertGrant } from '../grants/grant-repository.ts';
import { insertAccount } from '../accounts/account-repository.ts';
import { openDatabase, type Database } from '../platform/database.ts';
import { consumeArtifact, findArtifact, insertReplayMarker, upsertArtifact } from './artifact-repository.ts';

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
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

async function token(kind: string, name: string, grantId?: string): Promise<Buffer[]> {
  const idHash = Buffer.from(name);
  await db.inUnitOfWork(async () => {
    upsertArtifact(db, { kind, idHash, grantId, payload: { name, clientId: 'c' }, expiresAt: soon() });
  });
  return [idHash];
}
const grant = (id: string) =>
  db.inUnitOfWork(async () => {
    upsertGrant(db, { id, accountId, clientId: 'c', sessionUid: undefined, permissions: {}, expiresAt: soon() });
  });
const inUnit = <T>(work: () => Promise<T>) => db.inUnitOfWork(work);

test('an artifact with a grant is found while the grant is live, and not without it', async () => {
  const hashes = await token('AccessToken', 'hangs', 'g1');
  expect(await findArtifact(db, 'AccessToken', hashes)).toBeUndefined();
  await grant('g1');
  expect(await findArtifact(db, 'AccessToken', hashes)).toMatchObject({ payload: { name: 'hangs' } });
  await inUnit(() => revokeGrantRow(db, 'g1'));
  expect(await findArtifact(db, 'AccessToken', hashes)).toBeUndefined();
  // Nor is a token that is stored after the grant was revoked.
  expect(await findArtifact(db, 'RefreshToken', await token('RefreshToken', 'late', 'g1'))).toBeUndefined();
  // A revoked grant cannot be written again.
  await grant('g1');
  expect(await findArtifact(db, 'AccessToken', hashes)).toBeUndefined();
});

test('G09 nothing of a client that is being removed is found, with a grant or without one', async () => {
  await grant('g2');
  const withGrant = await token('AccessToken', 'of a person', 'g2');
  const withoutGrant = await token('ClientCredentials', 'of the client');
  await runSql(db, `insert into client_removals (client_id) values ('c')`);
  expect(await findArtifact(db, 'AccessToken', withGrant)).toBeUndefined();
  expect(await findArtifact(db, 'ClientCredentials', withoutGrant)).toBeUndefined();
  expect(await findGrant(db, 'g2')).toBeUndefined();
  await runSql(db, `delete from client_removals`);
  expect(await findArtifact(db, 'ClientCredentials', withoutGrant)).toBeDefined();
});

test('B18 an id of one kind is not found as another', async () => {
  const hashes = await token('AuthorizationCode', 'kind');
  expect(await findArtifact(db, 'AuthorizationCode', hashes)).toBeDefined();
  expect(await findArtifact(db, 'RefreshToken', hashes)).toBeUndefined();
});

test('a code is consumed once', async () => {
  const hashes = await token('AuthorizationCode', 'once');
  expect(await inUnit(() => consumeArtifact(db, 'AuthorizationCode', hashes))).toBe(true);
  expect(await inUnit(() => consumeArtifact(db, 'AuthorizationCode', hashes))).toBe(false);
});

test('a value is recorded as used once', async () => {
  expect(await insertReplayMarker(db, [Buffer.from('x')], soon())).toBe(true);
  expect(await insertReplayMarker(db, [Buffer.from('x')], soon())).toBe(false);
});

test('G02 a value is recorded as used once, by processes that share one root secret at least', async () => {
  const [old, next] = [Buffer.from('old'), Buffer.from('next')];
  const outcomes = await Promise.all(
    Array.from({ length: 100 }, (_, index) => insertReplayMarker(db, index % 2 ? [old, next] : [next, old], soon())),
  );
  expect(outcomes.filter(Boolean)).toHaveLength(1);
  expect(await insertReplayMarker(db, [old], soon())).toBe(false);
  expect(await insertReplayMarker(db, [next], soon())).toBe(false);
});
