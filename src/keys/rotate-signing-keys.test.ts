/** Tests on a real PostgreSQL that signing keys rotate by the policy. */
import { freshDatabase, runSql, type TestDatabase } from '../../test/support/database.ts';
import { openDatabase, type Database } from '../platform/database.ts';
import { createKeyring, randomToken, type Keyring } from '../platform/secrets.ts';
import { ensureSigningKeys } from './ensure-keys.ts';
import { rotateNow, rotateSigningKeys } from './rotate-signing-keys.ts';
import { listSigningKeys } from './signing-key-repository.ts';
import { phaseOf, type SigningAlgorithm } from './signing-key.ts';

const day = 86_400;
const policy = { key_life: 90 * day, key_announcement: day, key_retention: 90 * day };

let database: TestDatabase;
let db: Database;
let keyring: Keyring;
let start: number;

beforeEach(async () => {
  database = await freshDatabase();
  db = openDatabase({ url: database.url });
  keyring = createKeyring([`test_${randomToken()}`]);
  await ensureSigningKeys(db, keyring);
  start = Date.now();
});
afterEach(async () => {
  await db.close();
  await database.drop();
});

const dateOn = (days: number) => new Date(start + days * day * 1000);
const rotateOn = (days: number) => rotateSigningKeys({ db, keyring, policy }, dateOn(days));

/** The phases of the keys of an algorithm on a day, the newest key first. */
async function phases(days: number, algorithm: SigningAlgorithm = 'ES256'): Promise<string[]> {
  const keys = await listSigningKeys(db, keyring);
  return keys.filter((key) => key.algorithm === algorithm).map((key) => phaseOf(key, dateOn(days)));
}

const removedKeys = () =>
  runSql<{ kid: string; sealed: Buffer }>(
    db,
    'select kid, private_jwk_sealed as sealed from signing_keys where removed_at is not null',
  );
const eventKinds = async () =>
  (await runSql<{ kind: string }>(db, "select kind from audit_events where kind like 'key.%' order by at")).map(
    ({ kind }) => kind,
  );

test.each(['ES256', 'RS256'] as const)(
  'C12 a key for %s is announced, signs, is retired and is removed',
  async (algorithm) => {
    await rotateOn(88.9);
    expect(await phases(88.9, algorithm)).toEqual(['signing']);
    await rotateOn(89.1);
    expect(await phases(89.1, algorithm)).toEqual(['announced', 'signing']);
    // A key is announced exactly one day.
    expect(await phases(90.09, algorithm)).toEqual(['announced', 'signing']);
    expect(await phases(90.11, algorithm)).toEqual(['signing', 'retired']);
    await rotateOn(180);
    expect(await phases(180, algorithm)).toEqual(['announced', 'signing', 'retired']);
    expect(await removedKeys()).toEqual([]);
    await rotateOn(180.2);
    expect(await phases(180.2, algorithm)).toEqual(['announced', 'signing']);
  },
);

test('a removed key has no private key, and its removal is an audit event', async () => {
  const first = (await listSigningKeys(db, keyring)).map(({ kid }) => kid);
  await rotateOn(89.1);
  await rotateOn(180.2);
  const removed = await removedKeys();
  expect(removed.map(({ kid }) => kid).toSorted()).toEqual(first.toSorted());
  for (const { sealed } of removed) expect(sealed).toHaveLength(0);
  const createdKeys = ['key.created', 'key.created'];
  expect(await eventKinds()).toEqual([...createdKeys, ...createdKeys, ...createdKeys, 'key.removed', 'key.removed']);
});

test('eight rotations at the same time create one key of each algorithm', async () => {
  const databases = Array.from({ length: 8 }, () => openDatabase({ url: database.url, poolSize: 1 }));
  await Promise.all(databases.map((other) => rotateSigningKeys({ db: other, keyring, policy }, dateOn(89.1))));
  await Promise.all(databases.map((other) => other.close()));
  expect(await phases(89.1)).toEqual(['announced', 'signing']);
  expect(await phases(89.1, 'RS256')).toEqual(['announced', 'signing']);
});

const hour = 1 / 24;
const rotate = (isImmediate: boolean) => rotateNow({ db, keyring, policy }, isImmediate);

test('rotateNow announces a key, and the previous key signs meanwhile', async () => {
  await rotate(false);
  expect(await phases(hour)).toEqual(['announced', 'signing']);
  expect(await phases(1 + hour)).toEqual(['signing', 'retired']);
  // The life of the new key begins when it signs.
  await rotateOn(89.9);
  expect(await phases(89.9)).toEqual(['signing', 'retired']);
  await rotateOn(90.1);
  expect(await phases(90.1)).toEqual(['announced', 'signing', 'retired']);
});

test('keys of overlapping rotations sign one after the other', async () => {
  await rotate(false);
  await rotate(false);
  expect(await phases(hour)).toEqual(['announced', 'announced', 'signing']);
  expect(await phases(1 + hour)).toEqual(['signing', 'retired', 'retired']);
});

test('an immediate rotation retires both the signing and the announced key', async () => {
  await rotate(false);
  const kidsBefore = (await listSigningKeys(db, keyring)).map(({ kid }) => kid);
  await rotate(true);
  for (const days of [hour, 1 + hour, 50]) {
    const keys = (await listSigningKeys(db, keyring)).filter((key) => phaseOf(key, dateOn(days)) === 'signing');
    expect(keys.map(({ algorithm }) => algorithm).toSorted()).toEqual(['ES256', 'RS256']);
    expect(keys.filter(({ kid }) => kidsBefore.includes(kid))).toEqual([]);
  }
  // They stay published, since tokens that they signed are still in use.
  expect((await listSigningKeys(db, keyring)).map(({ kid }) => kid)).toEqual(expect.arrayContaining(kidsBefore));
});
