/** Limits on failed attempts, on a real PostgreSQL. */
import { freshDatabase, type TestDatabase } from '../../test/support/database.ts';
import { Refusal } from '../errors.ts';
import { openDatabase, type Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';
import { createKeyring, randomToken } from '../platform/secrets.ts';
import { createAttemptLimits, networkOf } from './attempt-limits.ts';

let database: TestDatabase;
let db: Database;
const keyring = createKeyring([randomToken()]);

beforeAll(async () => {
  database = await freshDatabase();
  db = openDatabase({ url: database.url });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});
beforeEach(() => db.inUnitOfWork(async () => db.write(sql`delete from rate_limits`)));

const codes = async (tries: Promise<unknown>[]) =>
  (await Promise.allSettled(tries)).map((each) => (each.status === 'fulfilled' ? 'ok' : (each.reason as Refusal).code));
const count = (list: string[], what: string) => list.filter((each) => each === what).length;

test('D05 of 100 attempts at once for one account only the allowed number is evaluated', async () => {
  const limits = createAttemptLimits(db, keyring, 0.5);
  const outcome = await codes(Array.from({ length: 100 }, (_, index) => limits.begin('ann', `10.0.${index}.1`)));
  expect([count(outcome, 'ok'), count(outcome, 'too_many_attempts')]).toEqual([5, 95]);
});

test('two processes count together', async () => {
  const [one, two] = [createAttemptLimits(db, keyring, 0.5), createAttemptLimits(db, keyring, 0.5)];
  const outcome = await codes(
    Array.from({ length: 20 }, (_, index) => (index % 2 ? one : two).begin('ann', `10.0.${index}.1`)),
  );
  expect(count(outcome, 'ok')).toBe(5);
});

test('one network that tries many accounts is refused, with the time to wait', async () => {
  const limits = createAttemptLimits(db, keyring, 0.1);
  const outcome = await codes(Array.from({ length: 12 }, (_, index) => limits.begin(`account-${index}`, '10.0.0.1')));
  expect([count(outcome, 'ok'), count(outcome, 'address_locked')]).toEqual([10, 2]);
  await limits.begin('ann', '10.0.0.1').catch((error: Refusal) => {
    expect(error.values['minutes']).toBe(15);
    expect(error.retryAfterSeconds).toBeGreaterThan(800);
  });
});

test('successful attempts do not count', async () => {
  const limits = createAttemptLimits(db, keyring, 0.1);
  for (let round = 0; round < 15; round += 1) {
    const attempt = await limits.begin('ann', '10.0.0.2');
    await attempt.succeed();
  }
});

test('the attempts of a locked account are forgotten, whichever root secret they were counted under', async () => {
  const [old, next] = [randomToken(), randomToken()];
  const before = createAttemptLimits(db, createKeyring([old, next]), 0.1);
  const after = createAttemptLimits(db, createKeyring([next, old]), 0.1);
  for (const limits of [before, after]) {
    expect(await codes([limits.begin('ann', '10.0.0.4'), limits.begin('ann', '10.0.0.4')])).toContain(
      'too_many_attempts',
    );
  }
  for (const limits of [before, after]) {
    const seconds = await limits.lockedSeconds('ann');
    expect([seconds > 800, seconds <= 900]).toEqual([true, true]);
    expect(await limits.lockedSeconds('ben')).toBe(0);
  }
  await after.forget('ann');
  for (const limits of [before, after]) expect(await limits.lockedSeconds('ann')).toBe(0);
  for (const limits of [before, after]) await limits.begin('ann', '10.0.0.4');
});

test('an account is locked by the last attempt that is allowed, and not before', async () => {
  const limits = createAttemptLimits(db, keyring, 0.2);
  await limits.begin('ann', '10.0.0.5');
  expect(await limits.lockedSeconds('ann')).toBe(0);
  await limits.begin('ann', '10.0.0.5');
  expect(await limits.lockedSeconds('ann')).toBeGreaterThan(0);
});

test('what was typed is not in the table', async () => {
  const limits = createAttemptLimits(db, keyring, 1);
  await limits.begin('my secret typed into the wrong field', '10.0.0.3');
  const rows = await db.read<{ key: string }>(sql`select key from rate_limits`);
  expect(rows).toHaveLength(2);
  expect(JSON.stringify(rows)).not.toMatch(/secret|10\.0\.0\.3/);
});

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::9', '2001:db8:1:2'],
  ['2001:0db8:0001:0002::9', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['192.0.2.7:4711', '192.0.2.7'],
  ['[2001:db8:1:2::9]', '2001:db8:1:2'],
  ['[2001:db8:1:2::9]:4711', '2001:db8:1:2'],
  ['garbage', 'unknown'],
  ['999.1.1.1', 'unknown'],
])('C11 the network of %s is %s', (ip, network) => expect(networkOf(ip)).toBe(network));
