/** Tests on a real PostgreSQL how concurrent requests write the row of a session. */
import { randomUUID } from 'node:crypto';
import { freshDatabase, type TestDatabase } from '../../test/support/database.ts';
import { openDatabase, type Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';
import { endSessionRows } from './ending-repository.ts';
import { findSessionById, findSessionByUid, upsertSession, type SessionWrite } from './session-repository.ts';

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

const write = (change: Partial<SessionWrite> = {}) =>
  db.inUnitOfWork(() =>
    upsertSession(db, {
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
    }),
  );
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
  expect(await findSessionById(db, [Buffer.from('id')])).toBeUndefined();
  expect(await findSessionById(db, [Buffer.from('new')])).toMatchObject({ uid: 'u' });
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
  expect(await findSessionById(db, [Buffer.from('id'), Buffer.from('new')])).toBeUndefined();
  expect(
    await db.inUnitOfWork(() => endSessionRows(db, ['u'], { reason: 'signed_out', includesOffline: false })),
  ).toEqual([]);
});
