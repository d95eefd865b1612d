/** Tests `frontdesk accounts show`, `update`, `set-email`, `rename` and `unlock` on a real database. */
import { freshDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { runFrontdesk } from '../../../test/support/terminal.ts';
import { createAccount } from '../../accounts/create-account.ts';
import { setClaims } from '../../accounts/set-claims.ts';
import { createPasswordHasher } from '../../credentials/password.ts';
import { openDatabase, type Database } from '../../platform/database.ts';
import { createKeyring, randomToken } from '../../platform/secrets.ts';
import { createAttemptLimits } from '../../sign-in/attempt-limits.ts';

const issuer = 'https://login.example.com';
/** Every command that changes something prints the issuer. */
const error = `at ${issuer}\n`;
const [old, next] = [randomToken(), randomToken()];
let database: TestDatabase;
let db: Database;
let environment: Record<string, string>;
let id: string;

beforeAll(async () => {
  database = await freshDatabase();
  db = openDatabase({ url: database.url });
  environment = { ISSUER: issuer, DATABASE_URL: database.url, SECRET: `${next},${old}` };
  const hasher = await createPasswordHasher();
  const password = 'correct horse battery staple';
  const create = (email: string, username?: string) =>
    createAccount(db, hasher, { email, username, password }, 'command-line');
  id = await create('\u200bmailto:Ann@example.com', 'ann');
  await create('ben@example.com', 'ben');
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

const run = (...args: string[]) => runFrontdesk(['accounts', ...args], environment);
const show = async (name = id) => JSON.parse((await run('show', name, '--json')).out) as Record<string, unknown>;

test('an account is shown with everything an operator needs', async () => {
  await setClaims(db, id, { given_name: 'Ann', locale: 'en' }, 'command-line');
  expect(await show('\u200bann@example.com')).toEqual({
    id,
    email: 'Ann@example.com',
    username: 'ann',
    claims: ['given_name', 'locale'],
    sessions: 0,
    apps: 0,
    locks: [],
    lockedSeconds: 0,
    createdAt: expect.any(String),
    updatedAt: expect.any(String),
  });
  const { out } = await run('show', 'ann');
  expect(out).toMatch(/^id {8}[0-9a-f-]{36}\nemail {5}Ann@example\.com \(not verified\)\nusername {2}ann\n/);
  expect(out).toMatch(/^status {4}active\nsign-in {3}not locked\nclaims {4}given_name, locale\nsessions {2}0\napps/m);
});

test('an account is updated, option by option', async () => {
  const updated = await run('update', 'ann', '--name', 'Ann Archer', '--email-verified');
  expect(updated).toEqual({ code: 0, out: `Account ann is updated.\n`, error });
  expect(await show()).toMatchObject({ name: 'Ann Archer', emailVerifiedAt: expect.any(String), username: 'ann' });
  await run('update', 'ann', '--clear', 'name', '--clear', 'email-verified', '--username', 'ann-2');
  const account = await show();
  expect(account).toMatchObject({ username: 'ann-2' });
  expect(Object.keys(account)).not.toEqual(expect.arrayContaining(['name']));
  expect(Object.keys(account)).not.toEqual(expect.arrayContaining(['emailVerifiedAt']));
  await run('update', id, '--clear', 'username');
  expect(Object.keys(await show())).not.toContain('username');
});

test('the address and the user name of an account are set', async () => {
  expect(await run('rename', id, 'archer')).toMatchObject({ out: `The user name of ${id} is archer.\n` });
  expect(await show('archer')).toMatchObject({ id });
  const out = `The e-mail address of account ${id} is set.\n`;
  expect(await run('set-email', 'archer', 'archer@example.com', '--verified')).toEqual({ code: 0, out, error });
  expect(await show('archer@example.com')).toMatchObject({ id, emailVerifiedAt: expect.any(String) });
});

test('a locked account is shown with the places and times of its locks, and is unlocked everywhere', async () => {
  const servers = [createKeyring([old, next]), createKeyring([next, old])].map((keyring) =>
    createAttemptLimits(db, keyring, 1),
  );
  const account = { id, email: 'archer@example.com', username: 'archer' };
  const exhaust = async (deviceId: string | undefined, name: string, ip: string) => {
    const candidate = { name, accountId: id, ip, deviceId };
    for (let round = 0; round < 10; round += 1) await servers[round % 2]!.begin(candidate);
    await expect(servers[0]!.begin(candidate)).rejects.toThrow('too_many_attempts');
  };
  await exhaust(undefined, 'archer', '192.0.2.1');
  await exhaust(undefined, 'archer@example.com', '192.0.2.2');
  await exhaust('laptop', 'archer', '192.0.2.3');
  const { locks, lockedSeconds } = await show();
  expect(locks).toContainEqual({ budget: 'account-network', places: 2, seconds: expect.any(Number) });
  expect(lockedSeconds).toBeGreaterThan(800);
  const where = 'from 2 networks for 15 minutes, on 1 known device for 15 minutes';
  expect((await run('show', id)).out).toContain(`\nsign-in   locked by wrong attempts ${where}\n`);

  const words = 'is unlocked: its wrong attempts are forgotten, on every device and from every network.';
  expect(await run('unlock', id)).toEqual({ code: 0, out: `Account ${id} ${words}\n`, error });
  for (const limits of servers) expect(await limits.locksOf(account)).toEqual([]);
  expect(await show()).toMatchObject({ locks: [], lockedSeconds: 0 });
});

test.each([
  [['update', 'ben'], 2, 'There is nothing to change'],
  [['update', 'ben', '--clear', 'email'], 2, '--clear takes one of: name, username, email-verified.'],
  [['update', 'ben', '--name', 'Ben', '--clear', 'name'], 2, '--name and --clear name exclude each other.'],
  [['update', 'ben', '--username', 'archer'], 1, 'This username is taken.'],
  [['update', 'ben', '--username', 'b'], 1, 'A username has 3 to 64'],
  [['rename', 'ben', 'archer'], 1, 'This username is taken.'],
  [['rename', 'ben'], 2, 'USERNAME is missing.'],
  [['set-email', 'ben', 'Archer@example.com'], 1, 'An account with this e-mail address exists already.'],
  [['set-email', 'ben', 'nonsense'], 1, 'It looks like ann@example.com'],
  [['set-email', 'ben'], 2, 'ADDRESS is missing.'],
  [['show', 'nobody'], 1, 'No account has that address'],
  [['update', 'nobody', '--name', 'x'], 1, 'No account has that address'],
  [['set-email', 'nobody', 'x@example.com'], 1, 'No account has that address'],
  [['rename', 'nobody', 'somebody'], 1, 'No account has that address'],
  [['unlock', 'nobody'], 1, 'No account has that address'],
])('%j is refused', async (args, code, words) => {
  expect(await run(...args)).toMatchObject({ code, out: '', error: expect.stringContaining(words) });
});
