/** Tests commands on a real database. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/support/cleanup.ts';
import { runFrontdesk } from '../../test/support/terminal.ts';
import { freshDatabase, type TestDatabase } from '../../test/support/database.ts';
import { randomToken } from '../platform/secrets.ts';
import { commands } from './commands.ts';
import { commandPage } from './help.ts';

let database: TestDatabase;
let environment: Record<string, string>;

beforeAll(async () => {
  database = await freshDatabase();
  environment = { ISSUER: 'https://login.example.com', DATABASE_URL: database.url, SECRET: randomToken() };
});
afterAll(() => database.drop());

const run = (...args: string[]) => runFrontdesk(args, environment);
const register = (...args: string[]) => run('clients', 'register', '--name', 'Wiki', ...args);

describe('the help', () => {
  test('is printed without arguments and lists every command', async () => {
    for (const args of [[], ['help'], ['--help'], ['-h']]) {
      const { code, out } = await runFrontdesk(args);
      expect(code).toBe(0);
      for (const { name, about } of commands) expect(out).toMatch(new RegExp(`^  ${name} +${about.slice(0, 10)}`, 'm'));
    }
  });

  test('has a page for each noun, and the noun alone prints it', async () => {
    const pages = [['clients'], ['clients', '--help'], ['clients', '-h'], ['help', 'clients']];
    const [page, ...others] = await Promise.all(pages.map((args) => runFrontdesk(args)));
    for (const other of others) expect(other).toEqual(page);
    expect(page).toMatchObject({ code: 0, error: '' });
    expect(page!.out).toMatch(/^Usage: frontdesk clients COMMAND \[…\]\n/);
    expect([...page!.out.matchAll(/^ {2}(\S+ \S+)/gm)].map(([, name]) => name)).toEqual([
      'clients register',
      'clients list',
      'clients show',
      'clients update',
      'clients secrets',
      'clients secrets',
      'clients secrets',
      'clients remove',
    ]);
  });

  test('--version prints the version of package.json', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await runFrontdesk(['--version'])).toEqual({ code: 0, out: `frontdesk ${version}\n`, error: '' });
  });

  test('has a page for each command, with every option', async () => {
    for (const command of commands) {
      const { code, out } = await runFrontdesk(['help', ...command.name.split(' ')]);
      expect([command.name, code, out]).toEqual([command.name, 0, `${commandPage(command)}\n`]);
      for (const flag of Object.keys(command.options ?? {})) expect(out).toContain(`--${flag}`);
      for (const flag of ['--help', '-h']) {
        expect((await runFrontdesk([...command.name.split(' '), flag])).out).toBe(out);
      }
    }
  });
});

describe('a command with invalid arguments exits with code 2 and a message', () => {
  test.each([
    [['dance'], 'There is no command "dance". See: frontdesk help'],
    [['help', 'dance'], 'There is no command "dance". See: frontdesk help'],
    [['srve'], 'There is no command "srve". Did you mean: frontdesk serve'],
    [['client', 'list'], 'There is no command "client list". Did you mean: frontdesk clients list'],
    [['client'], 'There is no command "client". Did you mean: frontdesk clients'],
    [['clients', 'lsit', '--json'], 'There is no command "clients lsit". Did you mean: frontdesk clients list'],
    [
      ['clients', 'dance'],
      'There is no command "clients dance". The commands of clients: register, list, show, update, secrets add, secrets list, secrets remove, remove.',
    ],
    [['clients', 'register', '--kind', 'web'], '--name is missing'],
    [
      ['clients', 'register', '--name', 'x', '--kind', 'desktop'],
      '--kind must be one of: web, single-page, native, machine',
    ],
    [['clients', 'secrets', 'make'], 'The commands of clients secrets: add, list, remove.'],
    [['clients', 'secrets', 'ad'], 'Did you mean: frontdesk clients secrets add'],
    [['clients', 'secrets', 'add'], 'ID is missing.\nUsage: frontdesk clients secrets add ID'],
    [['clients', 'secrets', 'remove', 'x'], 'SECRET_ID is missing.'],
    [['clients', 'show'], 'ID is missing.'],
    [['clients', 'show', 'a', 'b'], 'There is one argument too many: b'],
    [['clients', 'list', '--loud'], 'There is no option --loud.\nUsage: frontdesk clients list […]'],
    [['clients', 'list', '--jsn'], 'There is no option --jsn. Did you mean --json?'],
    [['clients', 'list', '--no-json'], 'There is no option --no-json.'],
    [['clients', 'list', '--toString'], 'There is no option --toString.'],
    [['clients', 'list', '-j'], 'There is no option -j.'],
    [['clients', 'list', '--json=yes'], '--json takes no value.'],
    [['clients', 'register', '--name'], '--name needs a value: --name NAME.'],
    [['clients', 'register', '--name='], '--name needs a value: --name NAME.'],
    [['clients', 'register', '--name', '--json'], 'One that begins with "-" is given as --name=--json.'],
    [['apis', 'register', 'https://a.example', '--name', 'A', '--scope', 'read'], '--scope must be like'],
  ])('%j', async (args, problem) => {
    const { code, error } = await runFrontdesk(args, environment);
    expect(code).toBe(2);
    expect(error).toContain(problem);
  });
});

test('a command with invalid settings exits with code 1 and names all of them', async () => {
  const { code, error } = await runFrontdesk(['clients', 'list'], { ISSUER: 'nonsense', PORT: 'x' });
  expect(code).toBe(1);
  expect(error).toContain('ISSUER must be like https://login.example.com');
  expect(error).toContain('PORT must be a whole number from 1 to 65535');
});

test('settings are listed, with defaults and secrets', async () => {
  expect((await runFrontdesk(['settings'])).out).toMatch(
    /SETTING +DEFAULT +WHAT IT IS FOR\nISSUER +http:\/\/localhost:4000/,
  );
  expect(JSON.parse((await runFrontdesk(['settings', '--json'])).out).length).toBeGreaterThan(9);
});

test('frontdesk secret prints a new, acceptable secret each time', async () => {
  const [one, two] = [await runFrontdesk(['secret']), await runFrontdesk(['secret'])];
  expect(one.out).toMatch(/^fd_secret_[\w-]{43}\n$/);
  expect(one.out).not.toBe(two.out);
});

test('frontdesk secret --out writes a file that only its owner can read, and replaces none', async () => {
  const path = join(temporaryFolder(), 'secret.txt');
  const first = await runFrontdesk(['secret', '--out', path]);
  expect([first.code, first.out]).toEqual([0, `A new root secret is in ${path}: set SECRET_FILE=${path}.\n`]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const secret = readFileSync(path, 'utf8');
  expect(secret).toMatch(/^fd_secret_[\w-]{43}\n$/);
  const second = await runFrontdesk(['secret', '--out', path]);
  expect([second.code, second.error]).toEqual([1, expect.stringContaining(path)]);
  expect(readFileSync(path, 'utf8')).toBe(secret);
});

test('migrate prints the applied migrations', async () => {
  expect((await run('migrate')).out).toBe('The database is up to date.\n');
});

describe('clients', () => {
  test('are registered, listed, shown and removed', async () => {
    const result = await register(
      '--kind',
      'web',
      '--id',
      'wiki',
      '--redirect-uri',
      'https://wiki.example.com/cb',
      '--first-party',
    );
    expect(result.out).toMatch(
      /^issuer {9}https:\/\/login\.example\.com\ndiscovery {6}https:\S+\nclient_id {6}wiki\nclient_secret {2}fd_client_[\w-]{43}\nredirect_uri {3}https:\/\/wiki\.example\.com\/cb\n\nThe secret is not shown again.\n$/,
    );
    const secret = /fd_client_\S+/.exec(result.out)![0];

    expect((await run('clients', 'list')).out).toMatch(
      /^CLIENT_ID +NAME +KIND +FIRST-PARTY +REGISTERED BY +SINCE\nwiki +Wiki +web +yes +operator +20/,
    );
    const shown = await run('clients', 'show', 'wiki', '--json');
    expect(JSON.parse(shown.out)).toMatchObject({
      client_id: 'wiki',
      first_party: true,
      secrets: [{ id: expect.stringMatching(/^[0-9a-f]{8}$/), expires_at: null, last_used_at: null }],
      redirect_uris: ['https://wiki.example.com/cb'],
      token_endpoint_auth_method: 'client_secret_basic',
    });
    expect((await run('clients', 'show', 'wiki')).out).toContain('client_name');
    expect(shown.out).not.toContain(secret);

    expect((await run('clients', 'remove', 'wiki')).out).toBe('Client wiki is removed.\n');
    expect((await run('clients', 'list')).out).toBe('No app is registered yet.\n');
    for (const verb of ['show', 'remove']) {
      expect(await run('clients', verb, 'wiki')).toMatchObject({
        code: 1,
        error: expect.stringContaining('No client has the id wiki'),
      });
    }
  });

  test('of a public kind get no secret', async () => {
    const { out } = await register('--kind', 'single-page', '--redirect-uri', 'https://spa.example.com/cb', '--json');
    const result = JSON.parse(out) as { client_id: string; client_secret?: string };
    expect(result.client_id).toMatch(/^[\w-]{22}$/);
    expect(result.client_secret).toBeUndefined();
  });

  test.each([
    [['--kind', 'web'], 'needs at least one redirect URI'],
    [['--kind', 'web', '--redirect-uri', 'http://wiki.example.com'], 'cannot be registered: it must be https'],
    [['--kind', 'web', '--redirect-uri', 'https://w.example/cb', '--id', 'a b'], 'id must be 3 to 64'],
    [['--kind', 'machine', '--api', 'https://no.example'], 'No API with the audience https://no.example'],
    [
      ['--kind', 'web', '--redirect-uri', 'https://w.example/cb', '--uri', 'nonsense'],
      'The client metadata is invalid: client_uri must be an http or https address.',
    ],
  ])('%j is refused with a reason', async (args, reason) => {
    expect(await register(...args)).toMatchObject({ code: 1, error: expect.stringContaining(reason), out: '' });
  });

  test('cannot be registered with an id in use', async () => {
    const again = () => register('--kind', 'machine', '--id', 'twice');
    expect((await again()).code).toBe(0);
    expect((await again()).error).toContain('A client with the id twice is registered already');
  });
});

describe('apis', () => {
  test('are registered, listed, used by clients and removed', async () => {
    const audience = 'https://notes.example.com/';
    const result = await run(
      'apis',
      'register',
      audience,
      '--name',
      'Notes',
      '--scope',
      'notes:read=Read your notes',
      '--lifetime',
      '60',
    );
    expect(result.out).toBe(`API ${audience} is registered.\n`);
    expect((await run('apis', 'list')).out).toMatch(/https:\/\/notes.example.com\/ +Notes +notes:read +60 s/);
    expect((await register('--kind', 'machine', '--id', 'reader', '--api', `${audience}=notes:read`)).code).toBe(0);
    expect((await run('clients', 'show', 'reader', '--json')).out).toContain('notes:read');
    expect((await register('--kind', 'machine', '--api', `${audience}=notes:eat`)).error).toContain(
      'has no scope notes:eat',
    );
    expect((await run('apis', 'register', audience, '--name', 'Notes')).error).toContain('is registered already');
    expect((await run('apis', 'remove', audience)).out).toBe(`API ${audience} is removed.\n`);
    expect((await run('apis', 'remove', audience)).code).toBe(1);
    expect((await run('apis', 'list')).out).toBe('No API is registered yet.\n');
  });

  test.each([
    [['notes'], 'audience must be an absolute URI'],
    [['https://a.example/#x'], 'without a fragment'],
    [['https://a.example/', '--lifetime', '3600'], 'lifetime must be a whole number from 60 to 900'],
    [['https://a.example/', '--scope', 'a b=c'], 'scope has the name "a b"'],
  ])('%j is refused with a reason', async (args, reason) => {
    expect((await run('apis', 'register', ...args, '--name', 'A')).error).toContain(reason);
  });
});
