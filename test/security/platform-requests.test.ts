/** security.md, parts B, C and F: requests that make no sense, and writes that fail. Each test is named by its number. */
import { connect } from 'node:net';
import { ann, siteA, type RegisteredApp } from '../support/cast.ts';
import { statement } from '../support/database.ts';
import { authorize, codeFor, exchange, newBrowser, signIn } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';

let frontdesk: Frontdesk;
let site: RegisteredApp;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await ann(frontdesk);
  site = await siteA(frontdesk);
});
afterAll(() => frontdesk.close());

/** Sends a request line and headers as they are; returns the status line of the answer. */
function statusOf(...lines: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(frontdesk.port, '127.0.0.1', () => socket.write(`${lines.join('\r\n')}\r\n\r\n`));
    socket.once('data', (chunk) => {
      resolve(chunk.toString().split('\r\n')[0]!);
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

describe('C10', () => {
  test.each([
    'http://[',
    'http://evil.example/',
    'http://evil.example/healthz',
    'http://evil.example/.well-known/openid-configuration',
    '*',
  ])('a request for %s is turned down', async (target) => {
    const method = target === '*' ? 'OPTIONS' : 'GET';
    const { host } = new URL(frontdesk.issuer);
    expect(await statusOf(`${method} ${target} HTTP/1.1`, `Host: ${host}`)).toBe('HTTP/1.1 421 Misdirected Request');
    expect(frontdesk.logged.join('')).not.toContain('"level":"error"');
  });

  test('two names in one request are one too many', async () => {
    const { host } = new URL(frontdesk.issuer);
    for (const names of [
      [host, 'evil.example'],
      ['evil.example', host],
      [host, host],
    ]) {
      const answer = await statusOf('GET / HTTP/1.1', ...names.map((name) => `Host: ${name}`));
      expect(answer).toMatch(/^HTTP\/1\.1 (400|421) /);
    }
  });

  test('what a proxy says of host and scheme reaches no page, and of the address only with TRUSTED_PROXIES', async () => {
    const headers = {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'host=evil.example',
      'x-forwarded-for': '203.0.113.9',
    };
    const browser = newBrowser(frontdesk);
    const document = await browser.ask(`${frontdesk.issuer}/.well-known/openid-configuration`, { headers });
    expect(document.body).not.toContain('evil');
    const start = await browser.ask(authorize(frontdesk, site).url, { headers });
    expect(start.location).toMatch(new RegExp(`^${frontdesk.issuer}/interaction/`));
    expect(frontdesk.logged.join('')).not.toContain('203.0.113.9');
    const behind = await startFrontdesk({ beside: frontdesk, settings: { TRUSTED_PROXIES: '1' } });
    await newBrowser(frontdesk, behind.port).ask(`${frontdesk.issuer}/`, { headers });
    expect(behind.logged.join('')).toContain('"ip":"203.0.113.9"');
    await behind.close();
  });
});

test('F11 names that only look local are not', async () => {
  const { loadConfig } = await import('../../src/config.ts');
  expect(() => loadConfig({ ISSUER: 'http://127.evil.example' })).toThrow();
  expect(loadConfig({ ISSUER: 'http://127.0.0.2:4000' }).issuer).toBe('http://127.0.0.2:4000');
});

test('a text that cannot be stored is the sender’s mistake, and says so', async () => {
  const browser = newBrowser(frontdesk);
  const page = await browser.visit(authorize(frontdesk, site, { state: 'a\0b' }).url);
  expect([page.status, page.text]).toEqual([400, expect.stringContaining('characters that no text may hold')]);
  const form = await browser.visit(authorize(frontdesk, site).url);
  expect((await signIn(form, 'ann\0')).status).toBeLessThan(500);
  expect((await exchange(frontdesk, site, { code: 'a\0b', verifier: 'x'.repeat(43) })).status).toBe(400);
  expect(frontdesk.logged.join('')).not.toContain('"level":"error"');
});

describe('B02 when a write fails', () => {
  const without = async <T>(kind: string, work: () => Promise<T>): Promise<T> => {
    const alter = (text: string) => frontdesk.db.inUnitOfWork(async () => frontdesk.db.write(statement(text)));
    await alter(`alter table artifacts add constraint broken check (kind <> '${kind}') not valid`);
    try {
      return await work();
    } finally {
      await alter('alter table artifacts drop constraint broken');
    }
  };

  test.each(['AccessToken', 'RefreshToken'])(
    'of the %s, the code is not used up and nothing is given',
    async (kind) => {
      const web = await siteA(frontdesk, { id: `web-${kind.toLowerCase()}` });
      const request = authorize(frontdesk, web, { scope: 'openid offline_access', prompt: 'consent' });
      const code = await codeFor(newBrowser(frontdesk), request);
      const proof = { code, verifier: request.verifier };
      const broken = await without(kind, () => exchange(frontdesk, web, proof));
      expect([broken.status, broken.json()['error']]).toEqual([503, 'temporarily_unavailable']);
      expect(broken.body).not.toMatch(/constraint|artifacts|relation/);
      expect((await exchange(frontdesk, web, proof)).status).toBe(200);
    },
  );

  test('of a sign-in under way, no cookie leaves and nobody is signed in', async () => {
    const browser = newBrowser(frontdesk);
    const page = await browser.visit(authorize(frontdesk, site).url);
    const broken = await without('AuthorizationCode', () => signIn(page, 'ann'));
    expect(broken.status).toBeGreaterThanOrEqual(500);
    expect(broken.headers['set-cookie']).toBeUndefined();
    expect(await browser.cookie(frontdesk.issuer, 'fd_session')).toBeUndefined();
    const fault = frontdesk.logged.findLast((line) => line.includes('"level":"error"'))!;
    expect(fault).toContain('violates check constraint');
    expect(fault).not.toContain('Failing row contains');
  });
});
