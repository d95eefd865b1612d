/** Limits on wrong sign-in attempts, on a real PostgreSQL. */
import { randomUUID } from 'node:crypto';
import { freshDatabase, statement, type TestDatabase } from '../../test/support/database.ts';
import { Refusal } from '../errors.ts';
import { openDatabase, type Database } from '../platform/database.ts';
import { createKeyring, randomToken } from '../platform/secrets.ts';
import { createAttemptLimits, type Attempt, type AttemptLimits, type Candidate } from './attempt-limits.ts';

let database: TestDatabase;
let db: Database;
const keyring = createKeyring([randomToken()]);
const ann = { id: randomUUID(), email: 'Ann@example.com', username: 'ann' };

beforeAll(async () => {
  database = await freshDatabase();
  db = openDatabase({ url: database.url });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});
beforeEach(() => db.read(statement('delete from sign_in_attempts')));

/** An attempt at Ann's account, by her user name, on a device that nobody knows. */
const candidate = (more: Partial<Candidate> = {}): Candidate => ({
  ...{ name: 'ann', accountId: ann.id, ip: '192.0.2.1', deviceId: undefined },
  ...more,
});
const limitsOf = (factor = 1) => createAttemptLimits(db, keyring, factor);

/** `ok`, `silent` (not compared, and not told), or the code of the refusal. */
async function outcomeOf(attempt: Promise<Attempt>): Promise<string> {
  try {
    return (await attempt).mayEvaluate ? 'ok' : 'silent';
  } catch (error) {
    return (error as Refusal).code;
  }
}
const tally = (outcomes: string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const each of outcomes) counts[each] = (counts[each] ?? 0) + 1;
  return counts;
};
const tryAtOnce = async (candidates: Candidate[], limits: AttemptLimits | AttemptLimits[] = limitsOf()) => {
  const all = [limits].flat();
  const attempts = candidates.map((each, index) => outcomeOf(all[index % all.length]!.begin(each)));
  return tally(await Promise.all(attempts));
};
const tryInTurn = async (candidates: Candidate[], limits = limitsOf()) => {
  const outcomes = [];
  for (const each of candidates) outcomes.push(await outcomeOf(limits.begin(each)));
  return tally(outcomes);
};
const repeat = (count: number, each: (index: number) => Partial<Candidate> = () => ({})) =>
  Array.from({ length: count }, (_, index) => candidate(each(index)));

describe('D05', () => {
  test('of 100 attempts at once from one network ten are evaluated, by two processes as well', async () => {
    expect(await tryAtOnce(repeat(100))).toEqual({ ok: 10, too_many_attempts: 90 });
    const other = repeat(100, () => ({ name: 'ben', accountId: randomUUID() }));
    expect(await tryAtOnce(other, [limitsOf(), limitsOf()])).toEqual({ ok: 10, too_many_attempts: 90 });
  });

  test('of 100 at once from 100 networks as many are evaluated as the account has left', async () => {
    const from = (index: number) => ({ ip: `10.0.${index}.1` });
    expect(await tryAtOnce(repeat(100, from), limitsOf(0.1))).toEqual({ ok: 10, too_many_attempts: 90 });
  });

  test('an attempt that is refused counts nowhere', async () => {
    await tryAtOnce(repeat(100));
    const rows = await db.read<{ budget: string; remaining: number }>(
      statement('select budget, remaining from sign_in_attempts order by budget collate "C"'),
    );
    expect(Object.fromEntries(rows.map(({ budget, remaining }) => [budget, remaining]))).toEqual({
      ...{ 'account-network': 0, 'name-network': 0, account: 90, name: 90, network: 99, everywhere: 499 },
    });
  });

  test('addresses of one /64 count together, and those of one /48', async () => {
    const one = (index: number) => ({ ip: `2001:db8:1:1::${index}` });
    expect(await tryInTurn(repeat(11, one))).toEqual({ ok: 10, too_many_attempts: 1 });
    const next = (index: number) => ({ ip: `2001:db8:1:${index + 2}::1` });
    expect(await tryInTurn(repeat(25, next))).toEqual({ ok: 20, too_many_attempts: 5 });
    expect(await tryInTurn(repeat(1, () => ({ ip: '2001:db8:2:1::1' })))).toEqual({ ok: 1 });
  });

  test('a network that tries many accounts is refused, with the time to wait; so is a /48', async () => {
    const names = (ip: (index: number) => string) => (index: number) => ({ name: `n-${index}`, ip: ip(index) });
    const account = { accountId: undefined };
    const fromOne = names(() => '192.0.2.1');
    expect(await tryInTurn(repeat(102, (index) => ({ ...fromOne(index), ...account })))).toEqual({
      ...{ ok: 100, address_locked: 2 },
    });
    const refusal = await limitsOf()
      .begin(candidate())
      .catch((error: Refusal) => error);
    expect(refusal).toMatchObject({ code: 'address_locked', values: { count: 15 } });
    expect((refusal as Refusal).retryAfterSeconds).toBeGreaterThan(800);
    const fromSite = names((index) => `2001:db8:1:${index}::1`);
    expect(await tryInTurn(repeat(202, (index) => ({ ...fromSite(index), ...account })))).toEqual({
      ...{ ok: 200, address_locked: 2 },
    });
  });
});

describe('D06', () => {
  const at = (deviceId: string) => ({ deviceId });

  test('wrong attempts of strangers do not count on a known device, nor its own on another', async () => {
    expect(await tryInTurn(repeat(120, (index) => ({ ip: `10.0.${index}.1` })))).toEqual({
      ...{ ok: 100, too_many_attempts: 20 },
    });
    expect(await tryInTurn(repeat(11, () => at('laptop')))).toEqual({ ok: 10, too_many_attempts: 1 });
    expect(await tryInTurn(repeat(1, () => at('phone')))).toEqual({ ok: 1 });
  });

  test('a known device is let in from a network that is locked', async () => {
    const strangers = repeat(101, (index) => ({ name: `n-${index}`, accountId: undefined }));
    expect(await tryInTurn(strangers)).toEqual({ ok: 100, address_locked: 1 });
    expect(await tryInTurn([candidate(at('laptop'))])).toEqual({ ok: 1 });
  });

  test('a network counts people, not their typing errors, and not those who got in', async () => {
    const limits = limitsOf();
    for (let index = 0; index < 120; index += 1) {
      const someone = candidate({ name: `n-${index}`, accountId: randomUUID() });
      await limits.begin(someone);
      await limits.begin(someone);
      await (await limits.begin(someone)).succeed();
    }
    const persistent = repeat(105, (index) => ({ name: `p-${index % 15}`, accountId: undefined }));
    expect(await tryInTurn(persistent, limits)).toEqual({ ok: 105 });
    const [network] = await db.read<{ remaining: number }>(
      statement(`select remaining from sign_in_attempts where budget = 'network'`),
    );
    expect(network).toEqual({ remaining: 85 });
  });

  test('two names of an account share what is evaluated, and neither tells of the other', async () => {
    const byEmail = { name: 'ann@example.com' };
    expect(await tryInTurn(repeat(11, () => byEmail))).toEqual({ ok: 10, too_many_attempts: 1 });
    expect(await tryInTurn(repeat(11))).toEqual({ silent: 10, too_many_attempts: 1 });
    // A name without an account is told the same, at the same attempt.
    const nobody = { name: 'nobody', accountId: undefined };
    expect(await tryInTurn(repeat(11, () => nobody))).toEqual({ ok: 10, too_many_attempts: 1 });
    const device = (index: number) => ({ ...at('laptop'), ...(index % 2 && byEmail) });
    expect(await tryInTurn(repeat(22, device))).toEqual({ ok: 10, silent: 10, too_many_attempts: 2 });
  });

  test('of 100 attempts at once by two names ten are evaluated', async () => {
    const names = (index: number) => ({ name: index % 2 ? 'ann' : 'ann@example.com' });
    expect(await tryAtOnce(repeat(100, names))).toEqual({ ok: 10, silent: 10, too_many_attempts: 80 });
  });

  test('the id of an account, typed as a name, does not count at the account', async () => {
    const typed = { name: ann.id, accountId: undefined };
    expect(await tryInTurn(repeat(11, () => typed))).toEqual({ ok: 10, too_many_attempts: 1 });
    expect(await tryInTurn(repeat(1))).toEqual({ ok: 1 });
  });
});

test('D07 a spray over 1,000 addresses is stopped everywhere, except on known devices', async () => {
  const spray = (index: number) => ({
    ...{ name: `n-${index}`, accountId: randomUUID(), ip: `10.${index >> 8}.${index & 255}.1` },
  });
  expect(await tryAtOnce(repeat(1000, spray))).toEqual({ ok: 500, sign_in_limited: 500 });
  expect(await tryInTurn([candidate({ ip: '198.51.100.1' })])).toEqual({ sign_in_limited: 1 });
  expect(await tryInTurn([candidate({ ip: '198.51.100.1', deviceId: 'laptop' })])).toEqual({ ok: 1 });
  await db.read(statement("update sign_in_attempts set expires_at = expires_at - interval '5 minutes'"));
  expect(await tryInTurn([candidate({ ip: '198.51.100.1' })])).toEqual({ ok: 1 });
});

test('D07 one network cannot use up what is left for all', async () => {
  const persistent = repeat(990, (index) => ({ name: `n-${index % 99}`, accountId: undefined }));
  expect(await tryInTurn(persistent)).toEqual({ ok: 990 });
  expect(await tryInTurn(repeat(1, () => ({ ip: '198.51.100.1' })))).toEqual({ ok: 1 });
});

test('successful attempts do not count, at once or in turn', async () => {
  const limits = limitsOf();
  for (let round = 0; round < 3; round += 1) {
    const attempts = await Promise.all(repeat(8).map((each) => limits.begin(each)));
    await Promise.all(attempts.map((attempt) => attempt.succeed()));
  }
  const used = await db.read<{ budget: string }>(
    statement(`select budget from sign_in_attempts
      where remaining <> case budget when 'network' then 100 when 'everywhere' then 500 else 100 end`),
  );
  expect(used).toEqual([]);
});

test('a success clears the wrong attempts of that place, and no others', async () => {
  const limits = limitsOf();
  const elsewhere = repeat(11, () => ({ ip: '192.0.2.2' }));
  expect(await tryInTurn(elsewhere, limits)).toEqual({ ok: 10, too_many_attempts: 1 });
  await tryInTurn(repeat(9), limits);
  await (await limits.begin(candidate())).succeed();
  expect(await tryInTurn(repeat(11), limits)).toEqual({ ok: 10, too_many_attempts: 1 });
  expect(
    await tryInTurn(
      repeat(1, () => ({ ip: '192.0.2.2' })),
      limits,
    ),
  ).toEqual({ too_many_attempts: 1 });
});

test('when the time is over, everything is left again', async () => {
  expect(await tryInTurn(repeat(11))).toEqual({ ok: 10, too_many_attempts: 1 });
  await db.read(statement("update sign_in_attempts set expires_at = now() - interval '1 second'"));
  expect(await tryInTurn(repeat(11))).toEqual({ ok: 10, too_many_attempts: 1 });
});

test('the attempt that takes the last says so, once', async () => {
  const limits = limitsOf(0.2);
  const attempts = [await limits.begin(candidate()), await limits.begin(candidate())];
  expect(attempts.map(({ usedUp }) => usedUp.toSorted())).toEqual([[], ['account-network', 'name-network']]);
  expect(attempts[1]).toMatchObject({ network: '192.0.2.1' });
});

describe('G02 while the root secret is replaced', () => {
  const [old, next] = [randomToken(), randomToken()];
  const servers = () =>
    [
      [old, next],
      [next, old],
    ].map((secrets) => createAttemptLimits(db, createKeyring(secrets), 1));

  test('processes with the secrets in both orders count together', async () => {
    expect(await tryAtOnce(repeat(100), servers())).toEqual({ ok: 10, too_many_attempts: 90 });
    const only = [old, next].map((secret) => createAttemptLimits(db, createKeyring([secret]), 1));
    expect(await tryAtOnce(repeat(2), only)).toEqual({ too_many_attempts: 2 });
  });

  test('locks are told and forgotten, whichever process counted', async () => {
    const [one, other] = servers();
    for (const ip of ['192.0.2.1', '192.0.2.2']) {
      await tryInTurn(
        repeat(10, () => ({ ip, name: 'ann@example.com' })),
        one,
      );
    }
    await tryInTurn(
      repeat(10, () => ({ deviceId: 'laptop' })),
      other,
    );
    for (const limits of servers()) {
      expect(await limits.locksOf(ann)).toEqual([
        { budget: 'account-device', places: 1, seconds: expect.any(Number) },
        { budget: 'account-network', places: 2, seconds: expect.any(Number) },
        { budget: 'name-device', places: 1, seconds: expect.any(Number) },
        { budget: 'name-network', places: 2, seconds: expect.any(Number) },
      ]);
      expect(await limits.locksOf({ ...ann, id: randomUUID(), email: 'ben@example.com', username: 'ben' })).toEqual([]);
    }
    await other!.forget(ann);
    for (const limits of servers()) expect(await limits.locksOf(ann)).toEqual([]);
    expect(
      await tryInTurn(
        repeat(1, () => ({ name: 'ann@example.com' })),
        one,
      ),
    ).toEqual({ ok: 1 });
    expect(
      await tryInTurn(
        repeat(1, () => ({ deviceId: 'laptop' })),
        one,
      ),
    ).toEqual({ ok: 1 });
  });
});

test('what was typed is not in the table', async () => {
  const name = 'my secret typed into the wrong field';
  await limitsOf().begin(candidate({ name, accountId: undefined, ip: '10.0.0.3' }));
  const rows = await db.read<{ row: string }>(
    statement(`select concat(encode(subject, 'escape'), encode(place, 'escape'), budget) as row from sign_in_attempts`),
  );
  expect(rows).toHaveLength(6);
  expect(JSON.stringify(rows)).not.toMatch(/secret|10\.0\.0\.3/);
});
