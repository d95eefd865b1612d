/** Requirements of README.md beside this file: C10, C11. Tests that a request cannot choose a host name, a scheme or a client address by its headers. */
import { connect } from 'node:net';
import { sendRequest } from '../support/browser.ts';
import { ann, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { authorize, newBrowser } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';

let frontdesk: Frontdesk;
let site: RegisteredApp;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await ann(frontdesk);
  site = await siteA(frontdesk);
});

/** Sends a request line and headers without changing them. @returns the status line of the response */
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
  test('the Host header may name the default port of the issuer, and no other port', async () => {
    const secure = await startFrontdesk({ settings: { ISSUER: 'https://login.example.test' } });
    const statusAt = async (host: string) =>
      (
        await sendRequest(
          `http://login.example.test/.well-known/openid-configuration`,
          { headers: { host } },
          secure.port,
        )
      ).status;
    expect(await statusAt('login.example.test')).toBe(200);
    expect(await statusAt('Login.example.test:443')).toBe(200);
    for (const host of ['login.example.test:80', 'login.example.test:', 'login.example.test:0443']) {
      expect([host, await statusAt(host)]).toEqual([host, 421]);
    }
  });

  test('a request for another host gets status 421, except a health probe', async () => {
    for (const host of [
      'evil.example',
      `${new URL(frontdesk.issuer).host}.evil.example`,
      '127.0.0.1',
      'idp.localhost',
    ]) {
      for (const path of ['/', '/.well-known/openid-configuration', '/oauth/authorize', '/oauth/jwks']) {
        const response = await sendRequest(`${frontdesk.issuer}${path}`, { headers: { host } });
        expect([host, path, response.status]).toEqual([host, path, 421]);
        expect(response.body).not.toContain('evil.example');
      }
    }
    for (const path of ['/healthz', '/readyz']) {
      expect((await sendRequest(`${frontdesk.issuer}${path}`, { headers: { host: '10.0.0.1' } })).status).toBe(200);
    }
  });

  test('no header makes a document or a redirect name another host', async () => {
    const headers = {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'host=evil.example;proto=https',
      'x-original-url': 'https://evil.example/',
    };
    const behindProxy = await startFrontdesk({ sameDeploymentAs: frontdesk, settings: { TRUSTED_PROXIES: '1' } });
    for (const port of [frontdesk.port, behindProxy.port]) {
      const discovery = await sendRequest(`${frontdesk.issuer}/.well-known/openid-configuration`, { headers }, port);
      const urls = Object.values(discovery.json()).filter((value) => /^https?:/.test(String(value)));
      expect(urls.length).toBeGreaterThan(5);
      for (const url of urls) expect(String(url)).toMatch(new RegExp(`^${frontdesk.issuer}(/|$)`));
      const start = await sendRequest(authorize(frontdesk, site).url, { headers }, port);
      expect(start.location).toMatch(new RegExp(`^${frontdesk.issuer}/interaction/`));
      expect(`${discovery.body}${JSON.stringify(start.headers)}`).not.toContain('evil.example');
    }
    await behindProxy.close();
  });

  test.each([
    'http://[',
    'http://evil.example/',
    'http://evil.example/healthz',
    'http://evil.example/.well-known/openid-configuration',
    '*',
  ])('a request for %s is refused', async (target) => {
    const method = target === '*' ? 'OPTIONS' : 'GET';
    const { host } = new URL(frontdesk.issuer);
    expect(await statusOf(`${method} ${target} HTTP/1.1`, `Host: ${host}`)).toBe('HTTP/1.1 421 Misdirected Request');
    expect(frontdesk.logged.join('')).not.toContain('"level":"error"');
  });

  test('two Host headers are refused', async () => {
    const { host } = new URL(frontdesk.issuer);
    for (const names of [
      [host, 'evil.example'],
      ['evil.example', host],
      [host, host],
    ]) {
      const response = await statusOf('GET / HTTP/1.1', ...names.map((name) => `Host: ${name}`));
      expect(response).toMatch(/^HTTP\/1\.1 (400|421) /);
    }
  });

  test('C10 and C11 forwarding headers never change the host or scheme, and change the client address only with TRUSTED_PROXIES', async () => {
    const headers = {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'host=evil.example',
      'x-forwarded-for': '203.0.113.9',
    };
    const browser = newBrowser(frontdesk);
    const document = await browser.send(`${frontdesk.issuer}/.well-known/openid-configuration`, { headers });
    expect(document.body).not.toContain('evil');
    const start = await browser.send(authorize(frontdesk, site).url, { headers });
    expect(start.location).toMatch(new RegExp(`^${frontdesk.issuer}/interaction/`));
    expect(frontdesk.logged.join('')).not.toContain('203.0.113.9');
    const behindProxy = await startFrontdesk({ sameDeploymentAs: frontdesk, settings: { TRUSTED_PROXIES: '1' } });
    await newBrowser(frontdesk, behindProxy.port).send(`${frontdesk.issuer}/`, { headers });
    expect(behindProxy.logged.join('')).toContain('"ip":"203.0.113.9"');
    await behindProxy.close();
  });
});
