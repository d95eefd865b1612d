/** Tests that concurrent sign-in attempts are counted exactly, by several processes and while the root secret is replaced. */
import { randomUUID } from 'node:crypto';
import { annsAccount, candidate, repeat, tryAtOnce, tryInTurn } from '../../test/support/attempts.ts';
import { closeAfterwards } from '../../test/support/cleanup.ts';
import { freshDatabase, runSql } from '../../test/support/database.ts';
import { openDatabase, type Database } from '../platform/database.ts';
import { createKeyring, randomToken } from '../platform/secrets.ts';
import { purgeExpired } from '../tokens/purge.ts';
import { createAttemptLimits } from './attempt-limits.ts';

let db: Database;
const [oldSecret, newSecret] = [randomToken(), randomToken()];

beforeAll(async () => {
  db = openDatabase({ url: (await freshDatabase()).url });
  closeAfterwards(db);
});
beforeEach(() => runSql(db, 'delete from sign_in_attempts'));

/** The limits as a process with these root secrets applies them. */
const processWith = (secrets = [oldSecret], factor = 1) => createAttemptLimits(db, createKeyring(secrets), factor);

/** Budget → the remaining attempts of each of its rows. */
async function remainingByBudget(): Promise<Record<string, number[]>> {
  const rows = await runSql<{ budget: string; counts: number[] }>(
    db,
    'select budget, array_agg(remaining) as counts from sign_in_attempts group by budget',
  );
  return Object.fromEntries(rows.map(({ budget, counts }) => [budget, counts]));
}

describe('D05', () => {
  test('one or two processes evaluate ten of 100 concurrent attempts from one network', async () => {
    expect(await tryAtOnce(processWith(), repeat(100))).toEqual({ ok: 10, too_many_attempts: 90 });
    expect(await remainingByBudget()).toEqual({
      ...{ 'account-network': [0], 'name-network': [0], account: [90], name: [90], network: [99], everywhere: [499] },
    });
    const attemptsOfBen = repeat(100, () => ({ name: 'ben', accountId: randomUUID() }));
    expect(await tryAtOnce([processWith(), processWith()], attemptsOfBen)).toEqual({ ok: 10, too_many_attempts: 90 });
  });

  test('concurrent attempts from 100 networks are evaluated up to the budget of the account', async () => {
    const networks = repeat(100, (index) => ({ ip: `10.0.${index}.1` }));
    expect(await tryAtOnce(processWith([oldSecret], 0.1), networks)).toEqual({ ok: 10, too_many_attempts: 90 });
    // Attempts that were refused while they were counted have used up nothing.
    expect(await remainingByBudget()).toMatchObject({ name: [0], account: [0], everywhere: [40] });
    expect((await remainingByBudget())['network']!.filter((count) => count < 10)).toHaveLength(10);
  });
});

test('D06 ten of 100 concurrent attempts by two names of an account are evaluated', async () => {
  const names = repeat(100, (index) => ({ name: index % 2 ? 'ann' : 'ann@example.com' }));
  expect(await tryAtOnce(processWith(), names)).toEqual({ ok: 10, silent: 10, too_many_attempts: 80 });
});

test('successful attempts do not count, whether concurrent or successive', async () => {
  const limits = processWith();
  for (let round = 0; round < 3; round += 1) {
    const attempts = await Promise.all(repeat(8).map((each) => limits.begin(each)));
    await Promise.all(attempts.map((attempt) => attempt.succeed()));
  }
  expect(await remainingByBudget()).toEqual({ account: [100], name: [100], network: [100], everywhere: [500] });
});

test('attempts, successes, the purge and unlocking cause no deadlock', async () => {
  const processes = [
    processWith([oldSecret, newSecret], 100),
    processWith([newSecret, oldSecret], 100),
    processWith([newSecret], 100),
  ];
  const work = Array.from({ length: 600 }, async (_, index) => {
    const limits = processes[index % 3]!;
    const name = index % 2 ? 'ann' : 'ann@example.com';
    const attempt = await limits.begin(candidate({ name, ip: `2001:db8:1:${index % 5}::1` }));
    if (index % 7 === 0) await attempt.succeed();
    if (index % 50 === 0) await limits.forget(annsAccount);
    if (index % 50 === 25) await purgeExpired(db);
  });
  const expirations = Array.from({ length: 20 }, () =>
    runSql(
      db,
      `update sign_in_attempts set expires_at = now() where ctid in (
        select ctid from sign_in_attempts where budget = 'account-network' for update skip locked)`,
    ),
  );
  const outcomes = await Promise.allSettled([...work, ...expirations]);
  expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
});

describe('G02 while the root secret is replaced', () => {
  const inBothOrders = () => [processWith([oldSecret, newSecret]), processWith([newSecret, oldSecret])] as const;

  test('processes with the secrets in both orders count together', async () => {
    expect(await tryAtOnce([...inBothOrders()], repeat(100))).toEqual({ ok: 10, too_many_attempts: 90 });
    expect(await tryAtOnce([processWith([oldSecret]), processWith([newSecret])], repeat(2))).toEqual({
      too_many_attempts: 2,
    });
  });

  test('locks are listed and removed by both processes, whichever counted', async () => {
    const [firstProcess, attemptsOfBen] = inBothOrders();
    const byEmail = { name: 'ann@example.com' };
    for (const ip of ['192.0.2.1', '192.0.2.2']) {
      await tryInTurn(
        firstProcess,
        repeat(10, () => ({ ...byEmail, ip })),
      );
    }
    await tryInTurn(
      attemptsOfBen,
      repeat(10, () => ({ deviceId: 'laptop' })),
    );
    const lockOf = (budget: string, places: number) => ({ budget, places, seconds: expect.any(Number) });
    const bensAccount = { id: randomUUID(), email: 'ben@example.com', username: 'ben' };
    for (const limits of [firstProcess, attemptsOfBen]) {
      expect(await limits.locksOf(annsAccount)).toEqual([
        ...[
          lockOf('account-device', 1),
          lockOf('account-network', 2),
          lockOf('name-device', 1),
          lockOf('name-network', 2),
        ],
      ]);
      expect(await limits.locksOf(bensAccount)).toEqual([]);
    }
    await attemptsOfBen.forget(annsAccount);
    for (const limits of [firstProcess, attemptsOfBen]) expect(await limits.locksOf(annsAccount)).toEqual([]);
    expect(await tryInTurn(firstProcess, [candidate(byEmail), candidate({ deviceId: 'laptop' })])).toEqual({ ok: 2 });
  });
});
