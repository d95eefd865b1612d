/** Requirement of README.md beside this file: B20. Tests which endpoints allow pages of other origins to read their responses (CORS). */
import { sendRequest, type Browser } from '../support/browser.ts';
import { ann, notesApi, siteA, siteB, type RegisteredApp } from '../support/people-and-apps.ts';
import { authorize, codeFor, newBrowser, tokensFor } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';

let frontdesk: Frontdesk;
let appA: RegisteredApp;
let appB: RegisteredApp;
let signedInBrowser: Browser;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await notesApi(frontdesk);
  await ann(frontdesk);
  appA = await siteA(frontdesk);
  appB = await siteB(frontdesk);
  signedInBrowser = newBrowser(frontdesk);
  await codeFor(signedInBrowser, authorize(frontdesk, appA));
});

describe('B20 CORS', () => {
  const registeredOrigin = 'http://site-b.localhost:9';
  const otherOrigins = ['https://evil.example', 'http://site-b.localhost', 'http://site-a.localhost:9', 'null'];
  const preflight = (path: string, origin: string) =>
    sendRequest(`${frontdesk.issuer}${path}`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    });

  test('the token and userinfo endpoints allow registered origins only', async () => {
    const tokens = await tokensFor(frontdesk, signedInBrowser, appB, { scope: 'openid email' });
    for (const origin of [registeredOrigin, ...otherOrigins]) {
      const expected = origin === registeredOrigin ? registeredOrigin : undefined;
      for (const path of ['/oauth/token', '/oauth/userinfo']) {
        const response = await preflight(path, origin);
        expect([origin, response.headers['access-control-allow-origin']]).toEqual([origin, expected]);
      }
      const headers = { origin, authorization: `Bearer ${tokens.access_token}` };
      const info = await sendRequest(`${frontdesk.issuer}/oauth/userinfo`, { headers });
      expect([origin, info.headers['access-control-allow-origin']]).toEqual([origin, expected]);
      expect(info.status).toBe(origin === registeredOrigin ? 200 : 400);
      const form = { grant_type: 'refresh_token', refresh_token: 'x', client_id: 'site-b' };
      const response = await sendRequest(`${frontdesk.issuer}/oauth/token`, { form, headers: { origin } });
      expect([origin, response.headers['access-control-allow-origin']]).toEqual([origin, expected]);
      expect(response.headers['access-control-allow-credentials']).toBe(expected && 'true');
    }
  });

  test('pages of Frontdesk allow no other origin', async () => {
    const form = await newBrowser(frontdesk).visit(authorize(frontdesk, appA).url);
    for (const path of ['/', new URL(form.url).pathname, '/oauth/authorize', '/oauth/logout', '/oauth/introspect']) {
      for (const origin of [registeredOrigin, 'https://evil.example']) {
        const simpleResponse = await sendRequest(`${frontdesk.issuer}${path}`, { headers: { origin } });
        expect([path, simpleResponse.headers['access-control-allow-origin']]).toEqual([path, undefined]);
        const preflightResponse = await preflight(path, origin);
        expect([path, preflightResponse.headers['access-control-allow-origin']]).toEqual([path, undefined]);
      }
    }
  });

  test('public documents allow all origins', async () => {
    for (const path of ['/oauth/jwks', '/.well-known/openid-configuration']) {
      const response = await sendRequest(`${frontdesk.issuer}${path}`, {
        headers: { origin: 'https://anybody.example' },
      });
      expect(response.headers['access-control-allow-origin']).toBe('https://anybody.example');
      expect((await sendRequest(`${frontdesk.issuer}${path}`)).headers['access-control-allow-origin']).toBe('*');
    }
  });
});
