/** Tests on a real PostgreSQL how concurrent requests write the row of a session. */
import { randomUUID } from 'node:crypto';
import { freshDatabase, type TestDatabase } from '../../test/support/database.ts';
import { openDatabase, type Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';
import type { NewArtifact } from '../tokens/artifact-repository.ts';
import { endSessionRows } from './ending-repository.ts';
import { findSessionByUid, storeInSession, upsertSession } from './session-repository.ts';
import type { SessionWrite } from './session-write.ts';

let database: TestDatabase;
let db: Database;

beforeAll(async () => {
  database = await freshDatabase();
  db = openDatabase({ url: database.url });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});
beforeEach(() => db.inUnitOfWork(async () => db.write(sql`delete from sessions`)));

const a = { sid: '1', grantId: 'g1' };
const b = { sid: '2', grantId: 'g2' };
const noChange = { changed: {}, removed: [], added: [], loaded: {} };
const id = (name: string) => ({ idHash: Buffer.from(name), idHashes: [Buffer.from(name)] });

const write = (change: Partial<SessionWrite> = {}, tokens: NewArtifact[] = []) =>
  db.inUnitOfWork(() =>
    upsertSession(
      db,
      {
        uid: 'u',
        ...id('id'),
        isRotating: false,
        accountId: undefined,
        signedInAt: undefined,
        acr: undefined,
        amr: undefined,
        isTransient: false,
        deviceHash: undefined,
        state: undefined,
        change: noChange,
        expiresAt: new Date(Date.now() + 60_000),
        ip: '192.0.2.1',
        userAgent: 'test',
        ...change,
      },
      tokens,
    ),
  );
/** Stored with the session, or left out with it. */
const code = (name: string) => ({
  kind: 'AuthorizationCode',
  idHash: Buffer.from(name),
  payload: { clientId: 'app' },
  expiresAt: new Date(Date.now() + 60_000),
});
const isStored = async (name: string) =>
  (await db.read(sql`select from artifacts where id_hash = $1`, [Buffer.from(name)])).length === 1;
const apps = async () => (await findSessionByUid(db, 'u'))?.authorizations;

test('apps of concurrent requests are merged', async () => {
  await write({ change: { ...noChange, changed: { a }, added: ['a'] } });
  expect(await write({ change: { ...noChange, changed: { b }, added: ['b'] } })).toBe(true);
  expect(await apps()).toEqual({ a, b });
  expect(await write({ change: { ...noChange, removed: ['a'], loaded: { a } } })).toBe(true);
  expect(await apps()).toEqual({ b });
});

test('an app that another request added is not overwritten', async () => {
  await write({ change: { ...noChange, changed: { a }, added: ['a'] } });
  expect(await write({ change: { ...noChange, changed: { a: b }, added: ['a'] } })).toBe(false);
  expect(await apps()).toEqual({ a });
});

test('an entry that another request changed is not overwritten', async () => {
  await write({ change: { ...noChange, changed: { a }, added: ['a'] } });
  const changedEntry = { ...a, persistsLogout: true };
  expect(await write({ change: { ...noChange, changed: { a: changedEntry }, loaded: { a: b } } })).toBe(false);
  expect(await write({ change: { ...noChange, changed: { a: changedEntry }, loaded: { a } } })).toBe(true);
  expect(await apps()).toEqual({ a: changedEntry });
});

test('a request with the old id writes nothing after the id was rotated', async () => {
  await write();
  expect(await write({ ...id('new'), isRotating: true })).toBe(true);
  expect(await write({ change: { ...noChange, changed: { a }, added: ['a'] } })).toBe(false);
  expect(await db.read(sql`select id_hash from live_sessions`)).toEqual([{ id_hash: Buffer.from('new') }]);
});

test('G07 the primary key is the only unique index, since `on conflict` covers no other', async () => {
  const indexes = await db.read<{ name: string }>(
    sql`select indexrelid::regclass::text as name from pg_index where indrelid = 'sessions'::regclass and indisunique`,
  );
  expect(indexes).toEqual([{ name: 'sessions_pkey' }]);
});

test('A01 when two people sign in to one session at once, the second writes nothing', async () => {
  const [ann, ben] = [randomUUID(), randomUUID()];
  for (const account of [ann, ben])
    await db.inUnitOfWork(async () =>
      db.write(sql`insert into accounts (id, email, email_canonical) values ($1, $2, $2)`, [account, account]),
    );
  await write();
  expect(await write({ ...id('as ann'), isRotating: true, accountId: ann })).toBe(true);
  expect(await write({ ...id('as ben'), isRotating: true, accountId: ben })).toBe(false);
  expect(await write({ ...id('as ann again'), isRotating: true, accountId: ann })).toBe(true);
  expect((await findSessionByUid(db, 'u'))?.accountId).toBe(ann);
});

test('A04 an ended session is not written under its id or a new one, and ends once', async () => {
  await write();
  expect(
    await db.inUnitOfWork(() => endSessionRows(db, ['u'], { reason: 'signed_out', includesOffline: false })),
  ).toEqual([{ uid: 'u', accountId: undefined, apps: 0 }]);
  expect(await write()).toBe(false);
  expect(await write({ ...id('new'), isRotating: true })).toBe(false);
  expect(await write({ change: { ...noChange, changed: { a }, added: ['a'] } })).toBe(false);
  expect(await findSessionByUid(db, 'u')).toBeUndefined();
  expect(await db.read(sql`select from live_sessions`)).toEqual([]);
  expect(
    await db.inUnitOfWork(() => endSessionRows(db, ['u'], { reason: 'signed_out', includesOffline: false })),
  ).toEqual([]);
});

test('a code is stored with its session, and only when the session is written', async () => {
  expect(await write({}, [code('stored')])).toBe(true);
  expect(await isStored('stored')).toBe(true);
  expect(await write({ ...id('other') }, [code('with another id')])).toBe(false);
  expect(await isStored('with another id')).toBe(false);
});

test('A04 a code is stored in a session that stays as it is, while it is live and has the same id', async () => {
  await write();
  const store = (name: string, sessionId = 'id') =>
    storeInSession(db, { uid: 'u', idHash: Buffer.from(sessionId) }, [code(name)]);
  expect(await store('live')).toBe(true);
  expect(await store('with the old id', 'old')).toBe(false);
  await db.inUnitOfWork(() => endSessionRows(db, ['u'], { reason: 'signed_out', includesOffline: false }));
  expect(await store('ended')).toBe(false);
  expect(await Promise.all(['live', 'with the old id', 'ended'].map(isStored))).toEqual([true, false, false]);
});

test('A04 no code is stored in a session that is about to end', async () => {
  const accountId = randomUUID();
  await db.inUnitOfWork(async () =>
    db.write(sql`insert into accounts (id, email, email_canonical) values ($1, $2, $2)`, [accountId, accountId]),
  );
  await write({ accountId });
  await db.inUnitOfWork(async () =>
    db.write(sql`insert into pending_endings (account_id, reason, includes_offline) values ($1, 'signed_out', false)`, [
      accountId,
    ]),
  );
  expect(await storeInSession(db, { uid: 'u', idHash: Buffer.from('id') }, [code('pending')])).toBe(false);
  expect(await isStored('pending')).toBe(false);
});
