/** Tests on a real PostgreSQL when artifacts are found and consumed. */
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
  const emailFields = { email: 'a@example.com', emailCanonical: 'a@example.com', emailVerifiedAt: undefined };
  const nameFields = { username: undefined, usernameCanonical: undefined, name: undefined, attributes: {} };
  await db.inUnitOfWork(() => insertAccount(db, { id: accountId, ...emailFields, ...nameFields }));
  await runSql(db, `insert into clients (id, kind, metadata) values ('c', 'web', '{}')`);
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

async function storeArtifact(kind: string, name: string, grantId?: string): Promise<Buffer[]> {
  const idHash = Buffer.from(name);
  await db.inUnitOfWork(async () => {
    upsertArtifact(db, { kind, idHash, grantId, payload: { name, clientId: 'c' }, expiresAt: soon() });
  });
  return [idHash];
}
const storeGrant = (id: string) =>
  db.inUnitOfWork(async () => {
    upsertGrant(db, { id, accountId, clientId: 'c', sessionUid: undefined, permissions: {}, expiresAt: soon() });
  });
const inUnit = <T>(work: () => Promise<T>) => db.inUnitOfWork(work);

test('an artifact with a grant is found only while the grant is live', async () => {
  const hashes = await storeArtifact('AccessToken', 'hangs', 'g1');
  expect(await findArtifact(db, 'AccessToken', hashes)).toBeUndefined();
  await storeGrant('g1');
  expect(await findArtifact(db, 'AccessToken', hashes)).toMatchObject({ payload: { name: 'hangs' } });
  await inUnit(() => revokeGrantRow(db, 'g1'));
  expect(await findArtifact(db, 'AccessToken', hashes)).toBeUndefined();
  // A token that is stored after the grant was revoked is not found.
  expect(await findArtifact(db, 'RefreshToken', await storeArtifact('RefreshToken', 'late', 'g1'))).toBeUndefined();
  // A revoked grant cannot be written again.
  await storeGrant('g1');
  expect(await findArtifact(db, 'AccessToken', hashes)).toBeUndefined();
});

test('G09 no artifact or grant of a client that is being removed is found', async () => {
  await storeGrant('g2');
  const withGrant = await storeArtifact('AccessToken', 'of a person', 'g2');
  const withoutGrant = await storeArtifact('ClientCredentials', 'of the client');
  await runSql(db, `insert into client_removals (client_id) values ('c')`);
  expect(await findArtifact(db, 'AccessToken', withGrant)).toBeUndefined();
  expect(await findArtifact(db, 'ClientCredentials', withoutGrant)).toBeUndefined();
  expect(await findGrant(db, 'g2')).toBeUndefined();
  await runSql(db, `delete from client_removals`);
  expect(await findArtifact(db, 'ClientCredentials', withoutGrant)).toBeDefined();
});

test('a token without a grant is stored only for a client that exists', async () => {
  const idHash = Buffer.from('of a removed client');
  await inUnit(async () => {
    const payload = { clientId: 'removed' };
    upsertArtifact(db, { kind: 'ClientCredentials', idHash, payload, expiresAt: soon() });
  });
  expect(await findArtifact(db, 'ClientCredentials', [idHash])).toBeUndefined();
});

test('B18 an id of one kind is not found as another kind', async () => {
  const hashes = await storeArtifact('AuthorizationCode', 'kind');
  expect(await findArtifact(db, 'AuthorizationCode', hashes)).toBeDefined();
  expect(await findArtifact(db, 'RefreshToken', hashes)).toBeUndefined();
});

test('a code can be consumed once', async () => {
  const hashes = await storeArtifact('AuthorizationCode', 'once');
  expect(await inUnit(() => consumeArtifact(db, 'AuthorizationCode', hashes))).toBe(true);
  expect(await inUnit(() => consumeArtifact(db, 'AuthorizationCode', hashes))).toBe(false);
});

test('a replay marker can be inserted once', async () => {
  expect(await insertReplayMarker(db, [Buffer.from('x')], soon())).toBe(true);
  expect(await insertReplayMarker(db, [Buffer.from('x')], soon())).toBe(false);
});

test('G02 processes that share at least one root secret insert a replay marker once', async () => {
  const [oldHash, newHash] = [Buffer.from('old'), Buffer.from('next')];
  const outcomes = await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      insertReplayMarker(db, index % 2 ? [oldHash, newHash] : [newHash, oldHash], soon()),
    ),
  );
  expect(outcomes.filter(Boolean)).toHaveLength(1);
  expect(await insertReplayMarker(db, [oldHash], soon())).toBe(false);
  expect(await insertReplayMarker(db, [newHash], soon())).toBe(false);
});
