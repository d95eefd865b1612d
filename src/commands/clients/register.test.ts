/** Tests `frontdesk clients register` on a real database. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../../test/support/cleanup.ts';
import { freshDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { runFrontdesk } from '../../../test/support/terminal.ts';
import { snippetNames } from '../../clients/client-snippet.ts';
import { randomToken } from '../../platform/secrets.ts';

const issuer = 'https://login.example.com';
/** Every command that changes something prints the issuer. */
const at = `at ${issuer}\n`;
let database: TestDatabase;
let environment: Record<string, string>;

beforeAll(async () => {
  database = await freshDatabase();
  environment = { ISSUER: issuer, DATABASE_URL: database.url, SECRET: randomToken() };
});
afterAll(() => database.drop());

const run = (...args: string[]) => runFrontdesk(['clients', ...args], environment);
const registration = ['register', '--name', 'Wiki', '--kind'];
const web = [...registration, 'web', '--redirect-uri', 'https://wiki.example.com/callback', '--id'];
const show = async (id: string) => JSON.parse((await run('show', id, '--json')).out) as Record<string, unknown>;
const folder = temporaryFolder();
function file(content: object): string {
  const path = join(folder, `${randomToken()}.json`);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

describe('clients register', () => {
  test('prints the settings that the developer needs next', async () => {
    const { code, out, error } = await run(...web, 'first', '--redirect-uri', 'https://wiki.example.com/other');
    const [, secret = ''] = /^client_secret {2}(fd_client_[\w-]{43})$/m.exec(out)!;
    expect({ code, error, lines: out.replace(secret, 'SECRET').split('\n') }).toEqual({
      code: 0,
      error: at,
      lines: [
        `issuer         ${issuer}`,
        `discovery      ${issuer}/.well-known/openid-configuration`,
        'client_id      first',
        'client_secret  SECRET',
        'redirect_uri   https://wiki.example.com/callback',
        'redirect_uri   https://wiki.example.com/other',
        '',
        'The secret is not shown again.',
        '',
      ],
    });
  });

  test('prints the same as JSON', async () => {
    const { out, error } = await run(...web, 'json', '--for', 'go', '--json');
    const result = JSON.parse(out) as { client_secret: string; snippet: string };
    expect(result).toMatchObject({
      client_id: 'json',
      client_secret: expect.stringMatching(/^fd_client_/),
      issuer,
      discovery: `${issuer}/.well-known/openid-configuration`,
      redirect_uris: ['https://wiki.example.com/callback'],
      for_development: false,
    });
    expect(result.snippet).toContain(`ClientSecret: "${result.client_secret}"`);
    expect(error).toBe(at);
  });

  test.each(snippetNames)(
    'prints the settings of %s, and `clients show` prints them without the secret',
    async (name) => {
      const id = `for-${name}`;
      const { out } = await run(...web, id, '--for', name);
      const [, secret = ''] = /^client_secret {2}(\S+)$/m.exec(out)!;
      const [, snippet = ''] = /The secret is not shown again\.\n\n([^]*)\n$/.exec(out)!;
      expect(snippet).toContain(id);
      const again = await run('show', id, '--for', name);
      expect(again.code).toBe(0);
      expect(again.out.endsWith(`\n\n${snippet.replaceAll(secret, 'YOUR-CLIENT-SECRET')}\n`)).toBe(true);
      expect(again.out).not.toContain(secret);
    },
  );

  test('names the known programs when --for has another name', async () => {
    for (const args of [
      [...web, 'other', '--for', 'passport'],
      ['show', 'first', '--for', 'passport'],
    ]) {
      expect(await run(...args)).toMatchObject({
        code: 2,
        out: '',
        error: expect.stringContaining(`--for must be one of: ${snippetNames.join(', ')}.`),
      });
    }
  });

  test.each([
    ['oidc-client-ts', 'oidc-client-ts is a client of kind single-page or native; not-ts is web.'],
    ['oauth2-proxy', 'oauth2-proxy needs a redirect URI like https://wiki.example.com/oauth2/callback,'],
  ])('warns when the client does not fit %s', async (name, words) => {
    const id = name === 'oauth2-proxy' ? 'not-proxy' : 'not-ts';
    expect((await run(...web, id, '--for', name)).error).toContain(words);
  });

  test.each(['http://localhost:3000/cb', 'http://127.0.0.1:3000/cb', 'http://[::1]:3000/cb'])(
    'accepts %s for development, and the output says so',
    async (uri) => {
      const id = `dev-${new URL(uri).hostname.replace(/\W/g, '-')}`;
      const result = await run(...registration, 'web', '--id', id, '--redirect-uri', uri);
      expect(result.out).toContain('The app is for development');
      expect(await show(id)).toMatchObject({ for_development: true, redirect_uris: [uri] });
      expect((await run('show', id)).out).toMatch(/^for_development +yes$/m);
    },
  );

  test.each([
    ['http://app.internal:8080/out', 'http://app.internal:8080', 'app.internal:8080'],
    ['http://app.internal/out', 'http://app.internal', 'app.internal'],
    ['https://10.0.0.7/out', 'https://10.0.0.7', '10.0.0.7'],
    ['https://app.example:8443/out', 'https://app.example:8443', 'app.example:8443'],
  ])('warns that %s will not be called, and names the setting to change', async (uri, origin, host) => {
    const id = `notified-${host.replace(':', '-')}`;
    const warning = `Sign-out notices to ${origin} will not be delivered: add ${host} to OUTGOING_ALLOWED_HOSTS\n`;
    const logout = ['--back-channel-logout-uri', uri];
    expect((await run(...web, id, ...logout)).error).toBe(`${warning}${at}`);
    const allowed = { ...environment, OUTGOING_ALLOWED_HOSTS: host };
    expect((await runFrontdesk(['clients', ...web, `${id}-2`, ...logout], allowed)).error).toBe(at);
    expect((await run('update', id, '--name', 'Wiki 2')).error).toBe(`${warning}${at}`);
  });

  test('accepts a site and its native app as one client only with --app-scheme', async () => {
    const uris = ['--redirect-uri', 'com.example.app:/done', '--redirect-uri', 'http://127.0.0.1/done'];
    const refused = await run(...web, 'both', ...uris);
    expect(refused).toMatchObject({ code: 1, error: expect.stringContaining('add --app-scheme') });
    expect((await run(...web, 'both', ...uris, '--app-scheme')).code).toBe(0);
    expect(await show('both')).toMatchObject({ application_type: 'native', for_development: false, kind: 'web' });
    expect((await run('update', 'both', '--clear', 'app-scheme')).error).toContain('add --app-scheme');
    const withoutAppScheme = ['--redirect-uri', 'https://wiki.example.com/callback', '--clear', 'app-scheme'];
    expect((await run('update', 'both', ...withoutAppScheme)).code).toBe(0);
    expect(await show('both')).toMatchObject({ application_type: 'web' });
  });

  test.each([
    [
      ['--redirect-uri', 'https://wiki.example.com/%00'],
      'redirect_uris: https://wiki.example.com/%00 cannot be registered: it has an encoded control character, like %00; leave it out.',
    ],
    [
      ['--redirect-uri', 'http://wiki.example.com/'],
      'redirect_uris: http://wiki.example.com/ cannot be registered: it must be https; http is allowed on localhost, 127.0.0.1 and [::1]',
    ],
    [
      ['--post-logout-redirect-uri', 'http://wiki.example.com/'],
      'post_logout_redirect_uris: http://wiki.example.com/ cannot be registered: it must be https',
    ],
    [['--metadata', file({ require_pkce: 'yes' })], 'require_pkce must be true or false.'],
    [['--metadata', file({ client_secret: 'x' })], 'client_secret is not metadata that can be set.'],
  ])('refuses %j, and names the field and what to change', async (args, words) => {
    expect(await run(...web, 'refused', ...args)).toMatchObject({
      code: 1,
      out: '',
      error: expect.stringContaining(words),
    });
  });
});
