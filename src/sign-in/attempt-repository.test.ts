/** Wrong sign-in attempts at the same time, by several processes, and while the root secret is replaced. */
import { randomUUID } from 'node:crypto';
import { annsAccount, candidate, repeat, tryAtOnce, tryInTurn } from '../../test/support/attempts.ts';
import { closeAfterwards } from '../../test/support/cleanup.ts';
import { freshDatabase, runSql } from '../../test/support/database.ts';
import { openDatabase, type Database } from '../platform/database.ts';
import { createKeyring, randomToken } from '../platform/secrets.ts';
import { purgeExpired } from '../tokens/purge.ts';
import { createAttemptLimits } from './attempt-limits.ts';

let db: Database;
const [old, next] = [randomToken(), randomToken()];

beforeAll(async () => {
  db = openDatabase({ url: (await freshDatabase()).url });
  closeAfterwards(db);
});
beforeEach(() => runSql(db, 'delete from sign_in_attempts'));

/** The limits of a process. */
const processWith = (secrets = [old], factor = 1) => createAttemptLimits(db, createKeyring(secrets), factor);

/** Budget → what is left in each of its rows. */
async function left(): Promise<Record<string, number[]>> {
  const rows = await runSql<{ budget: string; counts: number[] }>(
    db,
    'select budget, array_agg(remaining) as counts from sign_in_attempts group by budget',
  );
  return Object.fromEntries(rows.map(({ budget, counts }) => [budget, counts]));
}

describe('D05', () => {
  test('of 100 attempts at once from one network ten are evaluated, by two processes as well', async () => {
    expect(await tryAtOnce(processWith(), repeat(100))).toEqual({ ok: 10, too_many_attempts: 90 });
    expect(await left()).toEqual({
      ...{ 'account-network': [0], 'name-network': [0], account: [90], name: [90], network: [99], everywhere: [499] },
    });
    const other = repeat(100, () => ({ name: 'ben', accountId: randomUUID() }));
    expect(await tryAtOnce([processWith(), processWith()], other)).toEqual({ ok: 10, too_many_attempts: 90 });
  });

  test('of 100 at once from 100 networks as many are evaluated as the account has left', async () => {
    const networks = repeat(100, (index) => ({ ip: `10.0.${index}.1` }));
    expect(await tryAtOnce(processWith([old], 0.1), networks)).toEqual({ ok: 10, too_many_attempts: 90 });
    // Those that were refused only when they were about to count have taken nothing.
    expect(await left()).toMatchObject({ name: [0], account: [0], everywhere: [40] });
    expect((await left())['network']!.filter((count) => count < 10)).toHaveLength(10);
  });
});

test('D06 of 100 attempts at once by two names ten are evaluated', async () => {
  const names = repeat(100, (index) => ({ name: index % 2 ? 'ann' : 'ann@example.com' }));
  expect(await tryAtOnce(processWith(), names)).toEqual({ ok: 10, silent: 10, too_many_attempts: 80 });
});

test('successful attempts do not count, at once or in turn', async () => {
  const limits = processWith();
  for (let round = 0; round < 3; round += 1) {
    const attempts = await Promise.all(repeat(8).map((each) => limits.begin(each)));
    await Promise.all(attempts.map((attempt) => attempt.succeed()));
  }
  expect(await left()).toEqual({ account: [100], name: [100], network: [100], everywhere: [500] });
});

test('attempts, successes, the purge and unlocking do not wait for each other in a circle', async () => {
  const processes = [processWith([old, next], 100), processWith([next, old], 100), processWith([next], 100)];
  const work = Array.from({ length: 600 }, async (_, index) => {
    const limits = processes[index % 3]!;
    const name = index % 2 ? 'ann' : 'ann@example.com';
    const attempt = await limits.begin(candidate({ name, ip: `2001:db8:1:${index % 5}::1` }));
    if (index % 7 === 0) await attempt.succeed();
    if (index % 50 === 0) await limits.forget(annsAccount);
    if (index % 50 === 25) await purgeExpired(db);
  });
  const expiring = Array.from({ length: 20 }, () =>
    runSql(
      db,
      `update sign_in_attempts set expires_at = now() where ctid in (
        select ctid from sign_in_attempts where budget = 'account-network' for update skip locked)`,
    ),
  );
  const outcomes = await Promise.allSettled([...work, ...expiring]);
  expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
});

describe('G02 while the root secret is replaced', () => {
  const inBothOrders = () => [processWith([old, next]), processWith([next, old])] as const;

  test('processes with the secrets in both orders count together', async () => {
    expect(await tryAtOnce([...inBothOrders()], repeat(100))).toEqual({ ok: 10, too_many_attempts: 90 });
    expect(await tryAtOnce([processWith([old]), processWith([next])], repeat(2))).toEqual({ too_many_attempts: 2 });
  });

  test('locks are told and forgotten, whichever process counted', async () => {
    const [one, other] = inBothOrders();
    const byEmail = { name: 'ann@example.com' };
    for (const ip of ['192.0.2.1', '192.0.2.2']) {
      await tryInTurn(
        one,
        repeat(10, () => ({ ...byEmail, ip })),
      );
    }
    await tryInTurn(
      other,
      repeat(10, () => ({ deviceId: 'laptop' })),
    );
    const lock = (budget: string, places: number) => ({ budget, places, seconds: expect.any(Number) });
    const ofBen = { id: randomUUID(), email: 'ben@example.com', username: 'ben' };
    for (const limits of [one, other]) {
      expect(await limits.locksOf(annsAccount)).toEqual([
        ...[lock('account-device', 1), lock('account-network', 2), lock('name-device', 1), lock('name-network', 2)],
      ]);
      expect(await limits.locksOf(ofBen)).toEqual([]);
    }
    await other.forget(annsAccount);
    for (const limits of [one, other]) expect(await limits.locksOf(annsAccount)).toEqual([]);
    expect(await tryInTurn(one, [candidate(byEmail), candidate({ deviceId: 'laptop' })])).toEqual({ ok: 2 });
  });
});
