/** Tests implicit, hybrid and form-post flows as the suite's plans check them; without its profile they are refused. */
import { createHash } from 'node:crypto';
import { sendRequest, type Browser, type Page } from '../support/browser.ts';
import { ann, siteA } from '../support/people-and-apps.ts';
import { responseParameters, authorize, exchange, newBrowser, userinfo } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { metadata, register, registrationToken, withRegistration } from '../support/registration.ts';
import {
  completeInteractions,
  authorizeWithoutPkce,
  fieldsIn,
  fragmentOf,
  startRp,
  startConformanceServer,
  suiteClient,
  verifyIdToken,
} from '../support/suite.ts';

const redirectUri = 'https://rp.example/callback';
let frontdesk: Frontdesk & { annId: string };
let browser: Browser;

beforeAll(async () => {
  frontdesk = await startConformanceServer();
});
beforeEach(() => {
  browser = newBrowser(frontdesk);
});

const responseTypes = ['code', 'id_token', 'id_token token', 'code id_token', 'code token', 'code id_token token'];
const leftHalfOfHash = (value: string) =>
  createHash('sha256').update(value).digest().subarray(0, 16).toString('base64url');

const clientFor = (responseType: string) =>
  suiteClient(
    frontdesk,
    { redirectUri },
    { response_types: [responseType], grant_types: ['authorization_code', 'implicit', 'refresh_token'] },
  );

describe.each([
  ['fragment', (page: Page) => fragmentOf(page)],
  ['form_post', (page: Page) => fieldsIn(page)],
] as const)('by %s', (mode, parametersOf) => {
  test.each(mode === 'fragment' ? responseTypes.slice(1) : responseTypes)(
    'oidcc-server with %s',
    async (responseType) => {
      const client = await clientFor(responseType);
      const request = authorizeWithoutPkce(frontdesk, client, {
        response_type: responseType,
        response_mode: mode,
        scope: 'openid profile',
      });
      const response = parametersOf(await completeInteractions(browser, request));
      // An ID token has `iss`, so the response needs no `iss` parameter (RFC 9207 §2.4).
      const iss = responseType.includes('id_token') ? undefined : frontdesk.issuer;
      expect([response['state'], response['iss']]).toEqual([request.state, iss]);
      const parts = responseType.split(' ');
      expect(Object.hasOwn(response, 'code')).toBe(parts.includes('code'));
      expect(Object.hasOwn(response, 'access_token')).toBe(parts.includes('token'));
      expect(Object.hasOwn(response, 'id_token')).toBe(parts.includes('id_token'));
      if (response['id_token'] !== undefined) {
        const claims = await verifyIdToken(frontdesk, client, response['id_token']);
        expect(claims).toMatchObject({ sub: frontdesk.annId, nonce: request.nonce });
        expect(claims['c_hash']).toBe(response['code'] && leftHalfOfHash(response['code']));
        expect(claims['at_hash']).toBe(response['access_token'] && leftHalfOfHash(response['access_token']));
        // Without an access token, the ID token has the claims of scopes (OpenID Connect Core §5.4).
        expect(claims['name']).toBe(responseType === 'id_token' ? 'Ann Archer' : undefined);
      }
      if (response['access_token'] !== undefined) {
        expect((await userinfo(frontdesk, response['access_token'])).json()).toMatchObject({
          sub: frontdesk.annId,
          name: 'Ann Archer',
        });
      }
      if (response['code'] !== undefined) {
        const tokens = await exchange(frontdesk, client, { code: response['code'], verifier: '' });
        expect((await verifyIdToken(frontdesk, client, tokens.json()['id_token'] as string)).sub).toBe(frontdesk.annId);
      }
    },
  );

  test('oidcc-prompt-none-not-logged-in', async () => {
    const client = await clientFor('code id_token');
    const request = authorizeWithoutPkce(frontdesk, client, {
      response_type: 'code id_token',
      response_mode: mode,
      prompt: 'none',
    });
    const page = await browser.visit(request.url);
    expect(parametersOf(page)).toMatchObject({ error: 'login_required', state: request.state });
  });
});

test.each(['id_token', 'code id_token'])('oidcc-ensure-request-without-nonce-fails with %s', async (responseType) => {
  const client = await clientFor(responseType);
  const page = await browser.visit(
    authorizeWithoutPkce(frontdesk, client, { response_type: responseType, nonce: undefined }).url,
  );
  expect(fragmentOf(page)['error']).toBe('invalid_request');
});

test('the page of form_post posts the code to the app, and is not cached', async () => {
  const rp = await startRp();
  const client = await suiteClient(frontdesk, rp);
  const page = await completeInteractions(
    browser,
    authorizeWithoutPkce(frontdesk, client, { response_mode: 'form_post' }),
  );
  const form = page.root.querySelector('form')!;
  expect([form.getAttribute('method')?.toLowerCase(), form.getAttribute('action')]).toEqual(['post', rp.redirectUri]);
  expect(page.headers['cache-control']).toContain('no-store');
  expect(page.headers['content-security-policy']).not.toContain('form-action');
  expect((await exchange(frontdesk, client, { code: fieldsIn(page)['code']!, verifier: '' })).status).toBe(200);
});

test('oidcc-ensure-post-request-succeeds', async () => {
  const secure = await startConformanceServer({
    settings: { ISSUER: 'https://idp.example', CONFORMANCE_PROFILE: 'https://idp.example' },
  });
  const token = await registrationToken(secure);
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const form = JSON.stringify(metadata());
  const registration = await sendRequest(`${secure.issuer}/oauth/register`, { headers, form }, secure.port);
  const { client_id: id } = registration.json<Record<string, string>>();
  const request = new URL(authorizeWithoutPkce(secure, { id: id!, secret: '', redirectUri }).url);
  const secureBrowser = newBrowser(secure, secure.port);
  const crossSiteHeaders = { origin: 'https://rp.example', 'sec-fetch-site': 'cross-site' };
  const post = () =>
    secureBrowser.visit(`${secure.issuer}/oauth/authorize`, {
      form: [...request.searchParams],
      headers: crossSiteHeaders,
    });
  const page = await post();
  expect(page.root.querySelector('input[name=login]')).not.toBeNull();
  const consentPage = await page.submit({ login: 'ann', password: 'correct horse battery staple' });
  expect(responseParameters(await consentPage.submit())['code']).toBeDefined();
  // The browser now sends the session cookie, so no page is shown.
  expect(responseParameters(await post())['code']).toBeDefined();
  await secure.close();
});

describe('B10 the conformance profile', () => {
  let withoutProfile: Frontdesk;
  beforeAll(async () => {
    withoutProfile = await startFrontdesk({ settings: withRegistration });
    await ann(withoutProfile);
  });

  test('is needed to request or register other response types than code', async () => {
    const { response_types_supported: types } = (
      await sendRequest(`${withoutProfile.issuer}/.well-known/openid-configuration`)
    ).json();
    expect(types).toEqual(['code']);
    const site = await siteA(withoutProfile);
    for (const response_type of responseTypes.slice(1)) {
      const response = await newBrowser(withoutProfile).visit(authorize(withoutProfile, site, { response_type }).url);
      expect(responseParameters(response)['error'] ?? fragmentOf(response)['error']).toBe('unsupported_response_type');
      const registration = metadata({ response_types: [response_type] });
      expect((await register(withoutProfile, await registrationToken(withoutProfile), registration)).status).toBe(400);
    }
  });

  test('is named in the log when it is on', () => {
    expect(frontdesk.logged.join('')).toContain('CONFORMANCE_PROFILE is on');
    expect(withoutProfile.logged.join('')).not.toContain('CONFORMANCE_PROFILE');
  });
});
