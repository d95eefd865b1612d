/** Tests on a real PostgreSQL which apps are connected to an account and what each may see. */
import { randomUUID } from 'node:crypto';
import { freshDatabase, type TestDatabase } from '../../test/support/database.ts';
import { openDatabase, type Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';
import { listConnectedApps } from './connected-app-repository.ts';
import { deleteConsent, upsertConsent } from '../grants/consent-repository.ts';
import { revokeGrantRow } from '../grants/grant-repository.ts';

let database: TestDatabase;
let db: Database;
let ann: string;

const insertAccount = sql`insert into accounts (id, email, email_canonical) values ($1, $2, $2)`;
const insertClient = sql`insert into clients (id, kind, is_first_party, metadata) values ($1, 'web', $2, $3)`;
const insertGrant = sql`
  insert into grants (id, account_id, client_id, permissions, created_at, expires_at)
  values ($1, $2, $3, $4, now() - make_interval(days => $5), now() + make_interval(days => $6))`;
const insertToken = sql`
  insert into artifacts (kind, id_hash, grant_id, payload, created_at, expires_at)
  values ('AccessToken', $1, $2, '{}', now() - make_interval(hours => $3), now())`;

const write = (work: () => void) => db.inUnitOfWork(async () => work());

beforeAll(async () => {
  database = await freshDatabase();
  db = openDatabase({ url: database.url });
  await write(() => {
    db.write(insertClient, ['wiki', true, { client_name: 'Wiki' }]);
    db.write(insertClient, ['mail', false, { client_name: 'Mail' }]);
    db.write(insertClient, ['frontdesk', true, {}]);
  });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});
beforeEach(async () => {
  ann = randomUUID();
  await write(() => db.write(insertAccount, [ann, ann]));
});

interface GrantRow {
  client?: string;
  permissions?: object;
  age?: number;
  left?: number;
  of?: string;
}
async function grant({ client = 'wiki', permissions = {}, age = 1, left = 1, of = ann }: GrantRow = {}) {
  const id = randomUUID();
  await write(() => db.write(insertGrant, [id, of, client, permissions, age, left]));
  return id;
}
const consent = (scopes: string[], apiScopes: Record<string, string[]> = {}, claims: string[] = []) =>
  write(() => upsertConsent(db, ann, 'mail', { scopes, claims, apiScopes, redirectHosts: [] }));
const ids = async () => (await listConnectedApps(db, ann, 100)).map(({ clientId }) => clientId);
const daysAgo = (date: Date) => Math.round((Date.now() - date.getTime()) / 86_400_000);

test('an app is connected only with a grant or a consent', async () => {
  expect(await ids()).toEqual([]);
  await grant();
  await consent(['openid']);
  expect((await ids()).toSorted()).toEqual(['mail', 'wiki']);
});

test('revoked and expired grants, grants of other accounts and grants of the client of the account pages do not count', async () => {
  const revoked = await grant();
  await db.inUnitOfWork(() => revokeGrantRow(db, revoked));
  await grant({ left: -1 });
  await grant({ client: 'frontdesk' });
  const ben = randomUUID();
  await write(() => db.write(insertAccount, [ben, ben]));
  await grant({ of: ben });
  await grant({ client: 'gone' });
  expect(await ids()).toEqual([]);
});

test('the permissions of all live grants and of the consent are united', async () => {
  const openid = (scope: string) => ({ openid: { scope } });
  await grant({ client: 'mail', permissions: { ...openid('openid email'), resources: { 'https://a/': 'read' } } });
  await grant({
    client: 'mail',
    permissions: { ...openid('openid profile'), resources: { 'https://a/': 'read write' } },
  });
  await consent(['openid', 'email', 'phone'], { 'https://a/': ['read'], 'https://b/': ['see'] }, ['locale']);
  const [mail] = await listConnectedApps(db, ann, 100);
  const { scopes, claims, apiScopes } = mail!.permissions;
  expect(scopes.toSorted()).toEqual(['email', 'openid', 'phone', 'profile']);
  expect(claims).toEqual(['locale']);
  expect(apiScopes['https://a/']!.toSorted()).toEqual(['read', 'write']);
  expect(apiScopes['https://b/']).toEqual(['see']);
  expect(mail).toMatchObject({ isFirstParty: false, metadata: { client_name: 'Mail' } });
});

test('an app without any permission is listed without permissions', async () => {
  await grant();
  const [wiki] = await listConnectedApps(db, ann, 100);
  expect(wiki).toMatchObject({ isFirstParty: true, permissions: { scopes: [], claims: [], apiScopes: {} } });
});

test('an app is connected since its oldest grant, and its newest grant or token is the time of its last use', async () => {
  await grant({ age: 30 });
  const newerGrant = await grant({ age: 10 });
  const times = async () => {
    const [{ since, lastUsedAt } = { since: new Date(), lastUsedAt: new Date() }] = await listConnectedApps(
      db,
      ann,
      100,
    );
    return [daysAgo(since), daysAgo(lastUsedAt)];
  };
  expect(await times()).toEqual([30, 10]);
  await write(() => db.write(insertToken, [Buffer.from(newerGrant), newerGrant, 48]));
  expect(await times()).toEqual([30, 2]);
});

test('the app that was used last comes first', async () => {
  await grant({ client: 'wiki', age: 3 });
  await grant({ client: 'mail', age: 2 });
  expect(await ids()).toEqual(['mail', 'wiki']);
  const wiki = await grant({ client: 'wiki', age: 3 });
  await write(() => db.write(insertToken, [Buffer.from(wiki), wiki, 1]));
  expect(await ids()).toEqual(['wiki', 'mail']);
});

test('a deleted consent does not count', async () => {
  await consent(['openid']);
  await write(() => deleteConsent(db, ann, 'mail'));
  expect(await ids()).toEqual([]);
});
