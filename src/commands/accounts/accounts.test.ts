/** Tests `frontdesk accounts …` on a real database. */
import { freshDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { runFrontdesk, runProgram, type Outcome } from '../../../test/support/terminal.ts';
import { createAccount } from '../../accounts/create-account.ts';
import { checkPassword } from '../../credentials/check-password.ts';
import { findLogin } from '../../lookups/login-lookup-repository.ts';
import { createPasswordHasher, type PasswordHasher } from '../../credentials/password.ts';
import { openDatabase, type Database } from '../../platform/database.ts';
import { randomToken } from '../../platform/secrets.ts';

const password = 'correct horse battery staple';
let database: TestDatabase;
let environment: Record<string, string>;
let db: Database;
let hasher: PasswordHasher;

beforeAll(async () => {
  database = await freshDatabase();
  db = openDatabase({ url: database.url });
  hasher = await createPasswordHasher();
  environment = { ISSUER: 'https://login.example.com', DATABASE_URL: database.url, SECRET: randomToken() };
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

const run = (...args: string[]) => runFrontdesk(['accounts', ...args], environment);
/** Runs a command in its own process, since passwords are read from the standard input. */
const runWith = (input: string, ...args: string[]): Promise<Outcome> =>
  runProgram(['accounts', ...args], environment, input);

interface Listed {
  id: string;
  email: string;
  suspendedAt?: string;
}
const list = async () => JSON.parse((await run('list', '--json')).out) as Listed[];

let people = 0;
async function create(): Promise<{ id: string; email: string; username: string }> {
  people += 1;
  const details = { email: `person-${people}@example.com`, username: `person-${people}`, password };
  return { id: await createAccount(db, hasher, details, 'command-line'), ...details };
}

test('an account is created, listed and found by address, user name and id', async () => {
  expect((await run('list')).out).toBe('There is no account yet.\n');
  const result = await runWith(`${password}\n`, 'create', '--email', 'Ann@Example.com', '--name', 'Ann Archer');
  expect(result).toMatchObject({ code: 0, error: 'at https://login.example.com\n' });
  expect(result.out).toMatch(/^Account [0-9a-f-]{36} for Ann@Example.com is created\.\n$/);
  expect((await run('list')).out).toMatch(
    /^ID +EMAIL +USERNAME +NAME +STATUS +CREATED\n[0-9a-f-]{36} +Ann@Example.com +Ann Archer +active +20\d\d-\d\d-\d\d\n$/,
  );
  const { id, email, username } = await create();
  for (const name of [id, email, username, email.toUpperCase()]) {
    expect((await run('suspend', name)).out).toBe(`Account ${name} is suspended.\n`);
  }
});

test('the list contains no passwords and no hashes', async () => {
  expect((await run('list', '--json')).out).not.toMatch(/password|argon2|correct horse/);
});

test('an account can be suspended and reinstated repeatedly', async () => {
  const { id, email } = await create();
  const standing = async () => (await list()).find((account) => account.id === id)!.suspendedAt !== undefined;
  for (const round of [1, 2]) {
    expect([round, (await run('suspend', email)).code, await standing()]).toEqual([round, 0, true]);
  }
  expect((await run('list')).out).toMatch(new RegExp(`${email} +\\S+ +suspended`));
  for (const round of [1, 2]) {
    expect([round, await run('reinstate', email), await standing()]).toEqual([
      round,
      { code: 0, out: `Account ${email} is reinstated.\n`, error: 'at https://login.example.com\n' },
      false,
    ]);
  }
});

test('a new account can have the address of a removed one, and gets another id', async () => {
  const { id, email } = await create();
  expect((await run('remove', email)).out).toBe(`Account ${email} is removed.\n`);
  expect((await list()).map((account) => account.id)).not.toContain(id);
  const again = await runWith(`${password}\n`, 'create', '--email', email, '--json');
  expect((JSON.parse(again.out) as { id: string }).id).not.toBe(id);
});

test('the password of an account is set', async () => {
  const { email } = await create();
  const fits = async (secret: string) => {
    const login = await findLogin(db, { email, username: undefined });
    return (await checkPassword(hasher, login?.password, secret)).isCorrect;
  };
  expect(await runWith('another password of words\n', 'password', email)).toMatchObject({
    code: 0,
    out: `The password of ${email} is set.\n`,
    error: 'at https://login.example.com\n',
  });
  expect([await fits(password), await fits('another password of words')]).toEqual([false, true]);
});

describe('a refusal explains the error', () => {
  test.each(['suspend', 'reinstate', 'remove'])('of %s for an unknown account', async (verb) => {
    for (const name of ['nobody@example.com', 'nobody', '00000000-0000-4000-8000-000000000000', 'not a name', '']) {
      expect(await run(verb, name)).toEqual({
        code: 1,
        out: '',
        error: 'No account has that address, user name or id. See: frontdesk accounts list\n',
      });
    }
    expect(await run(verb)).toEqual({
      code: 2,
      out: '',
      error: `ACCOUNT is missing.\nUsage: frontdesk accounts ${verb} ACCOUNT\n`,
    });
  });

  test('of a password for an unknown account', async () => {
    expect(await runWith(`${password}\n`, 'password', 'nobody')).toMatchObject({
      code: 1,
      error: expect.stringContaining('See: frontdesk accounts list'),
    });
  });

  test.each([
    ['short\n', 1, 'The password must have at least'],
    [`${'x'.repeat(2000)}\n`, 1, 'The password has more than'],
    [`${'x'.repeat(40)}\n`, 1, 'at least two different characters'],
    ['', 2, 'The password is missing: type it, or pipe one line into the command.'],
  ])('the password %j', async (input, code, words) => {
    const { email } = await create();
    for (const args of [
      ['password', email],
      ['create', '--email', 'other@example.com'],
    ]) {
      expect(await runWith(input, ...args)).toMatchObject({ code, out: '', error: expect.stringContaining(words) });
    }
    expect((await list()).map((account) => account.email)).not.toContain('other@example.com');
  });

  test.each([
    [['--email', 'nonsense'], 'It looks like ann@example.com'],
    [['--email', 'Ann@example.COM'], 'An account with this e-mail address exists already.'],
    [['--email', 'new@example.com', '--username', 'a b'], 'A username has 3 to 64 of'],
  ])('an account with %j', async (args, words) => {
    const result = await runWith(`${password}\n`, 'create', ...args);
    expect(result).toMatchObject({ code: 1, out: '', error: expect.stringContaining(words) });
  });

  test('of a user name in use', async () => {
    const { username } = await create();
    const result = await runWith(`${password}\n`, 'create', '--email', 'new@example.com', '--username', username);
    expect(result).toMatchObject({ code: 1, error: 'This username is taken.\n' });
  });

  test('of a password on the command line, where other users could read it', async () => {
    const result = await run('create', '--email', 'new@example.com', '--password', password);
    expect(result).toMatchObject({ code: 2, error: expect.stringContaining('There is no option --password.') });
    expect(result.error).not.toContain(password);
  });
});
