/** Sites under development, native apps on loopback, and a site that shares its client with an app. */
import { sendRequest } from '../support/browser.ts';
import { ann, app, type RegisteredApp } from '../support/people-and-apps.ts';
import { responseParameters, authorize, codeFor, exchange, newBrowser, signIn, type Tokens } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';

let frontdesk: Frontdesk;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await ann(frontdesk);
});

const at = (client: RegisteredApp, redirectUri: string): RegisteredApp => ({ ...client, redirectUri });

test('a site under development signs people in at the exact address of its developer’s machine', async () => {
  const redirectUris = ['http://localhost:3000/cb'];
  const site = await app(frontdesk, {
    id: 'development',
    redirectUris,
    postLogoutRedirectUris: [],
    isFirstParty: true,
  });
  const browser = newBrowser(frontdesk);
  const request = authorize(frontdesk, site);
  const code = await codeFor(browser, request);
  expect((await exchange(frontdesk, site, { code, verifier: request.verifier })).status).toBe(200);
  for (const other of ['http://localhost:3001/cb', 'http://localhost:3000/cb/', 'http://127.0.0.1:3000/cb']) {
    const refused = await browser.visit(authorize(frontdesk, at(site, other)).url);
    expect([other, refused.status, refused.location]).toEqual([other, 400, undefined]);
  }
});

test('a native app signs people in on any port of localhost, and asks once for consent to its host', async () => {
  const redirectUris = ['http://localhost'];
  const cli = await app(frontdesk, { id: 'cli', kind: 'native', redirectUris, postLogoutRedirectUris: [] });
  for (const redirectUri of ['http://localhost:8000', 'http://localhost:18000/']) {
    const own = at(cli, redirectUri);
    const request = authorize(frontdesk, own);
    const code = await codeFor(newBrowser(frontdesk), request);
    expect((await exchange(frontdesk, own, { code, verifier: request.verifier })).status).toBe(200);
  }
});

describe('a site and its app as one client', () => {
  let site: RegisteredApp;
  let phone: RegisteredApp;
  let desktop: RegisteredApp;

  beforeAll(async () => {
    const redirectUris = ['https://both.example/callback', 'com.example.both:/done', 'http://127.0.0.1/done'];
    const registration = { redirectUris, postLogoutRedirectUris: [], isFirstParty: true };
    site = await app(frontdesk, { id: 'both', kind: 'single-page', hasAppScheme: true, ...registration });
    phone = at(site, 'com.example.both:/done');
    desktop = at(site, 'http://127.0.0.1:53211/done');
  });

  test('signs people in at each of its addresses', async () => {
    for (const own of [site, phone, desktop]) {
      const request = authorize(frontdesk, own);
      const code = await codeFor(newBrowser(frontdesk), request);
      const response = await exchange(frontdesk, own, { code, verifier: request.verifier });
      expect([own.redirectUri, response.status]).toEqual([own.redirectUri, 200]);
    }
  });

  test('knows a person at the site without asking; the app asks each time, because another could pose as it', async () => {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, site));
    const silent = await browser.visit(authorize(frontdesk, site, { prompt: 'none' }).url);
    expect(responseParameters(silent)['code']).toBeTruthy();
    for (const own of [phone, desktop]) {
      const refused = await browser.visit(authorize(frontdesk, own, { prompt: 'none' }).url);
      expect(responseParameters(refused)['error']).toBe('interaction_required');
      const page = await browser.visit(authorize(frontdesk, own).url);
      expect([page.status, page.text]).toEqual([200, expect.stringContaining('asks for access')]);
    }
  });

  test('may call the token endpoint from the pages of its site', async () => {
    const headers = { origin: 'https://both.example' };
    const request = authorize(frontdesk, site);
    const code = await codeFor(newBrowser(frontdesk), request);
    const form = {
      grant_type: 'authorization_code',
      client_id: 'both',
      code,
      code_verifier: request.verifier,
      redirect_uri: site.redirectUri,
    };
    const response = await sendRequest(`${frontdesk.issuer}/oauth/token`, { form, headers });
    expect(response.headers['access-control-allow-origin']).toBe('https://both.example');
    const token = response.json<Tokens>().access_token;
    const info = await sendRequest(`${frontdesk.issuer}/oauth/userinfo`, {
      headers: { ...headers, authorization: `Bearer ${token}` },
    });
    expect([info.status, info.headers['access-control-allow-origin']]).toEqual([200, 'https://both.example']);
    const strange = await sendRequest(`${frontdesk.issuer}/oauth/token`, {
      form,
      headers: { origin: 'https://evil.example' },
    });
    expect(strange.headers['access-control-allow-origin']).toBeUndefined();
  });

  test('is asked for consent at each host of its own when it is not of the house', async () => {
    const redirectUris = ['https://third.example/callback', 'com.example.third:/done'];
    const third = await app(frontdesk, { id: 'third', hasAppScheme: true, redirectUris, postLogoutRedirectUris: [] });
    const browser = newBrowser(frontdesk);
    const first = await signIn(await browser.visit(authorize(frontdesk, third).url), 'ann');
    expect(first.text).toContain('asks for access');
    expect(responseParameters(await first.submit())['code']).toBeTruthy();
    expect(responseParameters(await browser.visit(authorize(frontdesk, third).url))['code']).toBeTruthy();
  });
});
