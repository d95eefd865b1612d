/** Tests on a real PostgreSQL that sessions are locked before grants. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { freshDatabase, type TestDatabase } from '../../test/support/database.ts';
import { openDatabase, type Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';
import { findGrant, revokeGrantRow, upsertGrant, type Grant } from './grant-repository.ts';

let database: TestDatabase;
let db: Database;
let grant: Omit<Grant, 'createdAt'>;

beforeAll(async () => {
  database = await freshDatabase();
  db = openDatabase({ url: database.url });
  const accountId = randomUUID();
  const expiresAt = new Date(Date.now() + 60_000);
  grant = { id: 'g', accountId, clientId: 'app', sessionUid: 'u', permissions: {}, expiresAt };
  await db.inUnitOfWork(async () => {
    db.write(sql`insert into accounts (id, email, email_canonical) values ($1, $2, $2)`, [accountId, 'ann']);
    db.write(sql`insert into clients (id, kind, metadata) values ('app', 'web', '{}')`);
    db.write(sql`insert into sessions (uid, id_hash, account_id, expires_at) values ('u', '', $1, $2)`, [
      accountId,
      expiresAt,
    ]);
    upsertGrant(db, grant);
  });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

const lockSession = sql`select uid from sessions where uid = 'u' for update`;
const touchGrant = sql`update grants set revoked_at = null where id = 'g'`;
const touchSession = sql`update sessions set last_seen_at = now() where uid = 'u'`;

test.each([
  ['changes', async () => upsertGrant(db, grant)],
  ['revokes', async () => void (await revokeGrantRow(db, 'g'))],
])(
  'G07 a request that %s a grant locks the session first, and so waits for a transaction that ends the session',
  async (_what, work) => {
    let otherRequest: Promise<void> | undefined;
    await db.startUnitOfWork(async (unit) => {
      await db.guard(lockSession);
      otherRequest = db.startUnitOfWork(async (second) => {
        await work();
        await db.guard(touchSession);
        await second.commit();
      });
      await sleep(200);
      await db.guard(touchGrant);
      await unit.commit();
    });
    await otherRequest;
    await db.inUnitOfWork(async () => db.write(touchGrant));
    expect(await findGrant(db, 'g')).toMatchObject({ clientId: 'app', sessionUid: 'u' });
  },
);
