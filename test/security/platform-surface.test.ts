/** Requirements of README.md beside this file: F07, F08, F11. Tests that disabled endpoints do not exist, that probes and errors reveal nothing, and that unsafe settings prevent a start. */
import { InvalidSettings, loadConfig } from '../../src/config.ts';
import type { Problem } from '../../src/reasons.ts';
import { sendRequest } from '../support/browser.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';

let frontdesk: Frontdesk;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
});

test('F07 disabled endpoints answer with status 404', async () => {
  for (const path of [
    '/oauth/par',
    '/oauth/device-authorization',
    '/oauth/register',
    '/oauth/ciba',
    '/device',
    '/metrics',
  ]) {
    expect([path, (await sendRequest(`${frontdesk.issuer}${path}`, { form: { client_id: 'site-a' } })).status]).toEqual(
      [path, 404],
    );
  }
});

test('F08 health probes and error pages reveal nothing about the implementation', async () => {
  expect((await sendRequest(`${frontdesk.issuer}/healthz`)).body).toBe('ok\n');
  expect((await sendRequest(`${frontdesk.issuer}/readyz`)).body).toBe('ready\n');
  const response = await sendRequest(`${frontdesk.issuer}/nothing`);
  expect(JSON.stringify(response.headers)).not.toMatch(/koa|node|oidc-provider|express/i);
  expect(response.body).not.toMatch(/node_modules|\.ts:\d|at \w+ \(/);
});

describe('F11 a server with a public issuer', () => {
  const validSettings = {
    ISSUER: 'https://login.example.com',
    SECRET: 'fd_secret_0123456789012345678901234567890123456789abc',
  };
  const problemsOf = (environment: Record<string, string>): readonly Problem[] => {
    try {
      loadConfig(environment);
      return [];
    } catch (error) {
      return (error as InvalidSettings).problems;
    }
  };

  test('starts with all required settings', () => expect(problemsOf(validSettings)).toEqual([]));
  test.each([
    ['on http', { ...validSettings, ISSUER: 'http://login.example.com' }, 'must_be_https_unless_local'],
    ['without a secret', { ISSUER: validSettings.ISSUER }, 'secret_missing'],
    ['with a short secret', { ...validSettings, SECRET: 'changeme' }, 'secret_too_short'],
    [
      'with a short second secret',
      { ...validSettings, SECRET: `${validSettings.SECRET},changeme` },
      'secret_too_short',
    ],
    ['with a secret for local use', { ...validSettings, SECRET: `fd_local_${'x'.repeat(43)}` }, 'secret_is_local'],
  ])('does not start %s', (_how, environment, problem) => {
    expect(problemsOf(environment as Record<string, string>).map(({ reason }) => reason)).toEqual([problem]);
  });

  test('names all invalid settings at once', () => {
    const problems = problemsOf({ ISSUER: 'ftp://x/', PORT: 'many', DATABASE_URL: 'mysql://x', LOG_LEVEL: 'loud' });
    expect(problems.map(({ field }) => field)).toEqual(['ISSUER', 'PORT', 'DATABASE_URL', 'LOG_LEVEL']);
  });
});

test('F11 a host name that only looks like a loopback address is public', () => {
  expect(() => loadConfig({ ISSUER: 'http://127.evil.example' })).toThrow();
  expect(loadConfig({ ISSUER: 'http://127.0.0.2:4000' }).issuer).toBe('http://127.0.0.2:4000');
});
