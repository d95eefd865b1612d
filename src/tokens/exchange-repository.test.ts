/** Tests on a real PostgreSQL that a code or token is exchanged once, and while its grant is live. */
import { randomUUID } from 'node:crypto';
import { freshDatabase, runSql, type TestDatabase } from '../../test/support/database.ts';
import { insertAccount } from '../accounts/account-repository.ts';
import { revokeGrantRow, upsertGrant } from '../grants/grant-repository.ts';
import { openDatabase, type Database } from '../platform/database.ts';
import { findArtifact, upsertArtifact, type NewArtifact } from './artifact-repository.ts';
import { exchangeToken, type UsedToken } from './exchange-repository.ts';

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
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

const token = (kind: string, name: string, grantId: string): NewArtifact => ({
  kind,
  idHash: Buffer.from(name),
  grantId,
  payload: { clientId: 'c', accountId, scope: 'a "quoted" \\ scope' },
  expiresAt: soon(),
});

/** Stores a code with a grant of the same name. */
async function storeCode(name: string): Promise<UsedToken> {
  await db.inUnitOfWork(async () => {
    const grant = { accountId, clientId: 'c', sessionUid: undefined, permissions: {}, expiresAt: soon() };
    upsertGrant(db, { id: name, ...grant });
    upsertArtifact(db, token('AuthorizationCode', name, name));
  });
  return { kind: 'AuthorizationCode', idHash: Buffer.from(name), successorSalt: undefined };
}
const find = (kind: string, name: string) => findArtifact(db, kind, [Buffer.from(name)]);

test('an exchange uses the code and stores the tokens', async () => {
  const code = await storeCode('first');
  const tokens = [token('AccessToken', 'first-access', 'first'), token('RefreshToken', 'first-refresh', 'first')];
  expect(await exchangeToken(db, code, tokens)).toBe(true);
  expect((await find('AuthorizationCode', 'first'))?.consumedAt).toBeInstanceOf(Date);
  for (const { kind, idHash, payload } of tokens) {
    expect(await find(kind, idHash.toString())).toEqual({ payload, consumedAt: undefined, isWithinGrace: false });
  }
  const columns = 'client_id, account_id, grant_id, parent_hash';
  expect(await runSql(db, `select ${columns} from artifacts where kind = 'RefreshToken'`)).toEqual([
    { client_id: 'c', account_id: accountId, grant_id: 'first', parent_hash: null },
  ]);
});

test('an exchange without tokens to store uses the code too', async () => {
  const code = await storeCode('nothing');
  expect(await exchangeToken(db, code, [])).toBe(true);
  expect(await exchangeToken(db, code, [])).toBe(false);
});

test('B02 one of many concurrent exchanges of a code stores its token', async () => {
  const code = await storeCode('many');
  const names = Array.from({ length: 50 }, (_, index) => `many-${index}`);
  const outcomes = await Promise.all(
    names.map((name) => exchangeToken(db, code, [token('AccessToken', name, 'many')])),
  );
  expect(outcomes.filter(Boolean)).toHaveLength(1);
  expect(await runSql(db, `select from artifacts where kind = 'AccessToken' and grant_id = 'many'`)).toHaveLength(1);
});

test('A04 a code whose grant was revoked after it had been read is not exchanged, and not used', async () => {
  const code = await storeCode('late');
  await db.inUnitOfWork(() => revokeGrantRow(db, 'late'));
  expect(await exchangeToken(db, code, [token('AccessToken', 'late-access', 'late')])).toBe(false);
  expect(await runSql(db, `select consumed_at from artifacts where grant_id = 'late'`)).toEqual([
    { consumed_at: null },
  ]);
});

test('a used refresh token keeps what its successor is derived with', async () => {
  await storeCode('salted');
  await db.inUnitOfWork(async () => upsertArtifact(db, token('RefreshToken', 'salted', 'salted')));
  const used = { kind: 'RefreshToken', idHash: Buffer.from('salted'), successorSalt: Buffer.from('salt') } as const;
  expect(await exchangeToken(db, used, [])).toBe(true);
  expect(await find('RefreshToken', 'salted')).toMatchObject({ isWithinGrace: true });
  expect(
    await runSql(db, `select successor_salt, uses from artifacts where kind = 'RefreshToken' and grant_id = 'salted'`),
  ).toEqual([{ successor_salt: Buffer.from('salt'), uses: 1 }]);
});

test('an exchange in an open transaction is rolled back with it', async () => {
  const code = await storeCode('rolled back');
  const work = db.inUnitOfWork(async () => {
    upsertArtifact(db, token('AccessToken', 'other', 'rolled back'));
    expect(await exchangeToken(db, code, [])).toBe(true);
    throw new Error('later');
  });
  await expect(work).rejects.toThrow('later');
  expect((await find('AuthorizationCode', 'rolled back'))?.consumedAt).toBeUndefined();
});
