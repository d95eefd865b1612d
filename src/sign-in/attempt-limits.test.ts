/** Tests on a real PostgreSQL which sign-in attempts are refused, and what a refusal says. */
import { randomUUID } from 'node:crypto';
import { annsAccount, candidate, repeat, tryAtOnce, tryInTurn } from '../../test/support/attempts.ts';
import { closeAfterwards } from '../../test/support/cleanup.ts';
import { freshDatabase, runSql } from '../../test/support/database.ts';
import { Refusal } from '../errors.ts';
import { openDatabase, type Database } from '../platform/database.ts';
import { createKeyring, randomToken } from '../platform/secrets.ts';
import { createAttemptLimits, type AttemptLimits } from './attempt-limits.ts';

let db: Database;
let limits: AttemptLimits;
const keyring = createKeyring([randomToken()]);

beforeAll(async () => {
  db = openDatabase({ url: (await freshDatabase()).url });
  closeAfterwards(db);
  limits = createAttemptLimits(db, keyring, 1);
});
beforeEach(() => runSql(db, 'delete from sign_in_attempts'));

const fromAddress = (ip: string) => () => ({ ip });
const onDevice = (deviceId: string) => ({ deviceId });
const withoutAccount = { accountId: undefined };
const refusalOf = (more = {}): Promise<unknown> => limits.begin(candidate(more)).catch((error: Refusal) => error);

describe('D05', () => {
  test('addresses of one /64 count together, and those of one /48', async () => {
    const attemptsOfOneNetwork = repeat(11, (index) => ({ ip: `2001:db8:1:1::${index}` }));
    expect(await tryInTurn(limits, attemptsOfOneNetwork)).toEqual({ ok: 10, too_many_attempts: 1 });
    const attemptsOfOneSite = repeat(25, (index) => ({ ip: `2001:db8:1:${index + 2}::1` }));
    expect(await tryInTurn(limits, attemptsOfOneSite)).toEqual({ ok: 20, too_many_attempts: 5 });
    expect(await tryInTurn(limits, repeat(1, fromAddress('2001:db8:2:1::1')))).toEqual({ ok: 1 });
  });

  test('a network and a /48 that try many names are refused, with the time to wait', async () => {
    const network = repeat(102, (index) => ({ ...withoutAccount, name: `n-${index}` }));
    expect(await tryInTurn(limits, network)).toEqual({ ok: 100, address_locked: 2 });
    const refusal = (await refusalOf()) as Refusal;
    expect(refusal).toMatchObject({ code: 'address_locked', values: { count: 15 } });
    expect(refusal.retryAfterSeconds).toBeGreaterThan(800);
    const site = repeat(202, (index) => ({ ...withoutAccount, name: `n-${index}`, ip: `2001:db8:1:${index}::1` }));
    expect(await tryInTurn(limits, site)).toEqual({ ok: 200, address_locked: 2 });
  });

  test('an account has a hundred attempts from all networks', async () => {
    const attemptsFromAllNetworks = repeat(120, (index) => ({ ip: `10.0.${index}.1` }));
    expect(await tryInTurn(limits, attemptsFromAllNetworks)).toEqual({ ok: 100, too_many_attempts: 20 });
    expect(await refusalOf()).toMatchObject({ values: { count: 60 } });
  });
});

describe('D06', () => {
  test('wrong attempts elsewhere do not count on a known device, and its own do not count on another', async () => {
    await tryInTurn(
      limits,
      repeat(120, (index) => ({ ip: `10.0.${index}.1` })),
    );
    const laptop = repeat(11, () => onDevice('laptop'));
    expect(await tryInTurn(limits, laptop)).toEqual({ ok: 10, too_many_attempts: 1 });
    expect(await tryInTurn(limits, [candidate(onDevice('phone'))])).toEqual({ ok: 1 });
  });

  test('a known device can sign in from a locked network', async () => {
    const attemptsOfOthers = repeat(101, (index) => ({ ...withoutAccount, name: `n-${index}` }));
    expect(await tryInTurn(limits, attemptsOfOthers)).toEqual({ ok: 100, address_locked: 1 });
    expect(await tryInTurn(limits, [candidate(onDevice('laptop'))])).toEqual({ ok: 1 });
  });

  test('a network counts names, not attempts, and no names that signed in', async () => {
    for (let index = 0; index < 120; index += 1) {
      const otherCandidate = candidate({ name: `n-${index}`, accountId: randomUUID() });
      await limits.begin(otherCandidate);
      await limits.begin(otherCandidate);
      await (await limits.begin(otherCandidate)).succeed();
    }
    const persistent = repeat(105, (index) => ({ ...withoutAccount, name: `p-${index % 15}` }));
    expect(await tryInTurn(limits, persistent)).toEqual({ ok: 105 });
    const rows = await runSql(db, `select remaining from sign_in_attempts where budget = 'network'`);
    expect(rows).toEqual([{ remaining: 85 }]);
  });

  test('two names of an account share one budget, and neither reveals the other', async () => {
    const byEmail = { name: 'ann@example.com' };
    const expectedOutcome = { ok: 10, too_many_attempts: 1 };
    expect(
      await tryInTurn(
        limits,
        repeat(11, () => byEmail),
      ),
    ).toEqual(expectedOutcome);
    expect(await tryInTurn(limits, repeat(11))).toEqual({ silent: 10, too_many_attempts: 1 });
    // A name without an account gets the same outcomes at the same attempts.
    const attemptsWithoutAccount = repeat(11, () => ({ ...withoutAccount, name: 'nobody' }));
    expect(await tryInTurn(limits, attemptsWithoutAccount)).toEqual(expectedOutcome);
    const attemptsByBothNames = repeat(22, (index) => ({ ...onDevice('laptop'), ...(index % 2 && byEmail) }));
    expect(await tryInTurn(limits, attemptsByBothNames)).toEqual({ ok: 10, silent: 10, too_many_attempts: 2 });
  });

  test('the id of an account that is typed as a name does not count for the account', async () => {
    const attemptsByAccountId = repeat(11, () => ({ ...withoutAccount, name: annsAccount.id }));
    expect(await tryInTurn(limits, attemptsByAccountId)).toEqual({ ok: 10, too_many_attempts: 1 });
    expect(await tryInTurn(limits, repeat(1))).toEqual({ ok: 1 });
  });
});

describe('D07', () => {
  test('password spraying from 1,000 addresses is stopped everywhere except on known devices', async () => {
    const spray = repeat(1000, (index) => ({
      ...{ name: `n-${index}`, accountId: randomUUID(), ip: `10.${index >> 8}.${index & 255}.1` },
    }));
    // The attempts come in groups, since a busy machine has too few connections for a thousand.
    const outcomes: Record<string, number> = {};
    for (let start = 0; start < spray.length; start += 50) {
      const counted = await tryAtOnce(limits, spray.slice(start, start + 50));
      for (const [outcome, count] of Object.entries(counted)) outcomes[outcome] = (outcomes[outcome] ?? 0) + count;
    }
    expect(outcomes).toEqual({ ok: 500, sign_in_limited: 500 });
    const owner = repeat(1, fromAddress('198.51.100.1'));
    expect(await tryInTurn(limits, owner)).toEqual({ sign_in_limited: 1 });
    expect(await tryInTurn(limits, [candidate(onDevice('laptop'))])).toEqual({ ok: 1 });
    await runSql(db, "update sign_in_attempts set expires_at = expires_at - interval '5 minutes'");
    expect(await tryInTurn(limits, owner)).toEqual({ ok: 1 });
  });

  test('one network cannot use up the budget of all networks', async () => {
    const persistent = repeat(990, (index) => ({ ...withoutAccount, name: `n-${index % 99}` }));
    expect(await tryInTurn(limits, persistent)).toEqual({ ok: 990 });
    expect(await tryInTurn(limits, repeat(1, fromAddress('198.51.100.1')))).toEqual({ ok: 1 });
  });
});

test('a success clears only the wrong attempts of its own network', async () => {
  const attemptsOfOtherNetwork = repeat(11, fromAddress('192.0.2.2'));
  expect(await tryInTurn(limits, attemptsOfOtherNetwork)).toEqual({ ok: 10, too_many_attempts: 1 });
  await tryInTurn(limits, repeat(9));
  await (await limits.begin(candidate())).succeed();
  expect(await tryInTurn(limits, repeat(11))).toEqual({ ok: 10, too_many_attempts: 1 });
  expect(await tryInTurn(limits, attemptsOfOtherNetwork)).toEqual({ too_many_attempts: 11 });
});

test('an expired budget is full again', async () => {
  expect(await tryInTurn(limits, repeat(11))).toEqual({ ok: 10, too_many_attempts: 1 });
  await runSql(db, "update sign_in_attempts set expires_at = now() - interval '1 second'");
  expect(await tryInTurn(limits, repeat(11))).toEqual({ ok: 10, too_many_attempts: 1 });
});

test('the time to wait is the remaining time, and refused attempts write nothing', async () => {
  await tryInTurn(limits, repeat(10));
  await runSql(db, "update sign_in_attempts set expires_at = now() + interval '65 seconds'");
  const rows = () => runSql(db, 'select xmin, xmax, ctid from sign_in_attempts order by ctid');
  const before = await rows();
  expect(await refusalOf()).toMatchObject({ code: 'too_many_attempts', values: { count: 2 } });
  expect(await rows()).toEqual(before);
});

test('a lower limit applies immediately', async () => {
  await tryInTurn(limits, repeat(1));
  const strict = createAttemptLimits(db, keyring, 0.3);
  expect(await tryInTurn(strict, repeat(5))).toEqual({ ok: 3, too_many_attempts: 2 });
});

test('the attempt that uses up a budget reports it once', async () => {
  const strict = createAttemptLimits(db, keyring, 0.2);
  const attempts = [await strict.begin(candidate()), await strict.begin(candidate())];
  expect(attempts.map(({ usedUp }) => usedUp.toSorted())).toEqual([[], ['account-network', 'name-network']]);
  expect(attempts[1]).toMatchObject({ network: '192.0.2.1' });
});

test('the table contains neither the typed name nor the address', async () => {
  await limits.begin(candidate({ ...withoutAccount, name: 'my secret typed into the wrong field', ip: '10.0.0.3' }));
  const rows = await runSql<{ row: string }>(
    db,
    `select concat(encode(subject, 'escape'), encode(place, 'escape'), budget) as row from sign_in_attempts`,
  );
  expect(rows).toHaveLength(6);
  expect(JSON.stringify(rows)).not.toMatch(/secret|10\.0\.0\.3/);
});
