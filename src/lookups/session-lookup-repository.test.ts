/** Tests on a real PostgreSQL what is found by the id of a session. */
import { randomUUID } from 'node:crypto';
import { freshDatabase, runSql, type TestDatabase } from '../../test/support/database.ts';
import { insertAccount } from '../accounts/account-repository.ts';
import { upsertConsent } from '../grants/consent-repository.ts';
import { upsertGrant } from '../grants/grant-repository.ts';
import { openDatabase, type Database } from '../platform/database.ts';
import { findSession } from './session-lookup-repository.ts';

let database: TestDatabase;
let db: Database;
const accountId = randomUUID();
const consent = { scopes: ['openid'], claims: [], apiScopes: {}, redirectHosts: ['app.example'] };

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

beforeEach(async () => {
  await runSql(db, 'delete from sessions');
  await runSql(
    db,
    `insert into sessions (uid, id_hash, account_id, authorizations, expires_at)
    values ('u', 'id', $1, '{"app": {"grantId": "g"}, "other": {"sid": "1"}}', now() + interval '1 hour'),
      ('anonymous', 'anonymous', null, '{}', now() + interval '1 hour')`,
    [accountId],
  );
  await db.inUnitOfWork(async () => {
    const expiresAt = new Date(Date.now() + 60_000);
    upsertGrant(db, { id: 'g', accountId, clientId: 'app', sessionUid: 'u', permissions: {}, expiresAt });
    upsertConsent(db, accountId, 'app', consent);
  });
});

/** Finds a session by one of two digests, as when there are two root secrets. */
const find = (id: string, clientId?: string) => findSession(db, [Buffer.from('other'), Buffer.from(id)], clientId);

test('a session is found with its account, and with its grant and consent for a client', async () => {
  expect(await find('id', 'app')).toMatchObject({
    idHash: Buffer.from('id'),
    session: { uid: 'u', accountId, authorizations: { app: { grantId: 'g' } } },
    account: { id: accountId, email: 'a@example.com' },
    grant: { id: 'g', accountId, clientId: 'app', sessionUid: 'u' },
    consent,
  });
});

test('without a client, and for one without a grant, only session and account are found', async () => {
  for (const clientId of [undefined, 'other', 'unknown']) {
    const found = await find('id', clientId);
    expect(found).toMatchObject({ session: { uid: 'u' }, account: { id: accountId } });
    expect([found!.grant, found!.consent]).toEqual([undefined, undefined]);
  }
});

test('nothing but the session is found while nobody is signed in', async () => {
  const found = await find('anonymous', 'app');
  expect(found!.session).toMatchObject({ uid: 'anonymous', accountId: undefined });
  expect([found!.account, found!.grant, found!.consent]).toEqual([undefined, undefined, undefined]);
  expect(await find('unknown', 'app')).toBeUndefined();
});

test('A04 an ended session is not found, and a revoked grant is not found with its session', async () => {
  await runSql(db, `update grants set revoked_at = now() where id = 'g'`);
  const found = await find('id', 'app');
  expect([found!.session.uid, found!.grant]).toEqual(['u', undefined]);
  await runSql(db, `update sessions set ended_at = now() where uid = 'u'`);
  expect(await find('id', 'app')).toBeUndefined();
});
