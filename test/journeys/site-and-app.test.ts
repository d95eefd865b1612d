/** Tests redirect URIs of sites under development, native apps, and a client that is both a site and a native app. */
import { sendRequest } from '../support/browser.ts';
import { ann, app, type RegisteredApp } from '../support/people-and-apps.ts';
import { responseParameters, authorize, codeFor, exchange, newBrowser, signIn, type Tokens } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';

let frontdesk: Frontdesk;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await ann(frontdesk);
});

const withRedirectUri = (client: RegisteredApp, redirectUri: string): RegisteredApp => ({ ...client, redirectUri });

test('a web client with a localhost redirect URI signs people in at that exact URI only', async () => {
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
    const refused = await browser.visit(authorize(frontdesk, withRedirectUri(site, other)).url);
    expect([other, refused.status, refused.location]).toEqual([other, 400, undefined]);
  }
});

test('a native app signs people in on any port of localhost', async () => {
  const redirectUris = ['http://localhost'];
  const cli = await app(frontdesk, { id: 'cli', kind: 'native', redirectUris, postLogoutRedirectUris: [] });
  for (const redirectUri of ['http://localhost:8000', 'http://localhost:18000/']) {
    const client = withRedirectUri(cli, redirectUri);
    const request = authorize(frontdesk, client);
    const code = await codeFor(newBrowser(frontdesk), request);
    expect((await exchange(frontdesk, client, { code, verifier: request.verifier })).status).toBe(200);
  }
});

describe('a client that is both a site and a native app', () => {
  let site: RegisteredApp;
  /** The client with a private-use URI scheme. */
  let phone: RegisteredApp;
  /** The client with a loopback redirect URI. */
  let desktop: RegisteredApp;

  beforeAll(async () => {
    const redirectUris = ['https://both.example/callback', 'com.example.both:/done', 'http://127.0.0.1/done'];
    const registration = { redirectUris, postLogoutRedirectUris: [], isFirstParty: true };
    site = await app(frontdesk, { id: 'both', kind: 'single-page', hasAppScheme: true, ...registration });
    phone = withRedirectUri(site, 'com.example.both:/done');
    desktop = withRedirectUri(site, 'http://127.0.0.1:53211/done');
  });

  test('signs people in at each of its redirect URIs', async () => {
    for (const client of [site, phone, desktop]) {
      const request = authorize(frontdesk, client);
      const code = await codeFor(newBrowser(frontdesk), request);
      const response = await exchange(frontdesk, client, { code, verifier: request.verifier });
      expect([client.redirectUri, response.status]).toEqual([client.redirectUri, 200]);
    }
  });

  // Another program could use the redirect URIs of the native app (RFC 8252 §8.6).
  test('gets a code without a page at the site, and needs consent each time at the native app', async () => {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, site));
    const silent = await browser.visit(authorize(frontdesk, site, { prompt: 'none' }).url);
    expect(responseParameters(silent)['code']).toBeTruthy();
    for (const client of [phone, desktop]) {
      const refused = await browser.visit(authorize(frontdesk, client, { prompt: 'none' }).url);
      expect(responseParameters(refused)['error']).toBe('interaction_required');
      const page = await browser.visit(authorize(frontdesk, client).url);
      expect([page.status, page.text]).toEqual([200, expect.stringContaining('asks for access')]);
    }
  });

  test('may call token and userinfo endpoint by CORS from the origin of its site only', async () => {
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
    const fromOtherOrigin = await sendRequest(`${frontdesk.issuer}/oauth/token`, {
      form,
      headers: { origin: 'https://evil.example' },
    });
    expect(fromOtherOrigin.headers['access-control-allow-origin']).toBeUndefined();
  });

  test('needs consent once at its site when it is third-party', async () => {
    const redirectUris = ['https://third.example/callback', 'com.example.third:/done'];
    const thirdPartyApp = await app(frontdesk, {
      id: 'third',
      hasAppScheme: true,
      redirectUris,
      postLogoutRedirectUris: [],
    });
    const browser = newBrowser(frontdesk);
    const consentPage = await signIn(await browser.visit(authorize(frontdesk, thirdPartyApp).url), 'ann');
    expect(consentPage.text).toContain('asks for access');
    expect(responseParameters(await consentPage.submit())['code']).toBeTruthy();
    expect(responseParameters(await browser.visit(authorize(frontdesk, thirdPartyApp).url))['code']).toBeTruthy();
  });
});
