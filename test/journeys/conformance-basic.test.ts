/** Tests the code flow as the basic plan of the conformance suite checks it, in tests named after its modules. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet } from 'jose';
import { sendRequest, type Browser } from '../support/browser.ts';
import type { RegisteredApp } from '../support/people-and-apps.ts';
import { statement } from '../support/database.ts';
import { responseParameters, authorize, codeFor, exchange, newBrowser, refresh, userinfo } from '../support/flow.ts';
import type { Frontdesk } from '../support/frontdesk.ts';
import type { Registered } from '../support/registration.ts';
import {
  completeInteractions,
  authorizeWithoutPkce,
  startRp,
  startConformanceServer,
  suiteClient,
  tokensOf,
  type Rp,
} from '../support/suite.ts';

let frontdesk: Frontdesk & { annId: string };
let rp: Rp;
let client: RegisteredApp & { registration: Registered };
let browser: Browser;

beforeAll(async () => {
  frontdesk = await startConformanceServer();
  rp = await startRp();
  client = await suiteClient(frontdesk, rp, { grant_types: ['authorization_code', 'refresh_token'] });
});
beforeEach(() => {
  browser = newBrowser(frontdesk);
});

test('oidcc-server', async () => {
  const request = authorizeWithoutPkce(frontdesk, client);
  const parameters = responseParameters(await completeInteractions(browser, request));
  expect(parameters).toMatchObject({ state: request.state, iss: frontdesk.issuer });
  const tokens = await tokensOf(frontdesk, browser, client, { nonce: 'n-1' });
  expect(tokens.token_type).toBe('Bearer');
  expect(tokens.claims).toMatchObject({ sub: frontdesk.annId, nonce: 'n-1', aud: client.id });
  expect(tokens.claims.exp! - tokens.claims.iat!).toBeGreaterThan(0);
});

test('oidcc-response-type-missing', async () => {
  const page = await browser.visit(authorizeWithoutPkce(frontdesk, client, { response_type: undefined }).url);
  expect(responseParameters(page)['error'] ?? page.text).toMatch(/invalid_request|unsupported_response_type/);
});

test('oidcc-idtoken-signature and oidcc-idtoken-rs256', async () => {
  const { id_token: token } = await tokensOf(frontdesk, browser, client);
  const header = decodeProtectedHeader(token!);
  const jwks = (await sendRequest(`${frontdesk.issuer}/oauth/jwks`)).json<JSONWebKeySet>();
  expect(header.alg).toBe('RS256');
  expect(jwks.keys.filter(({ kid, kty }) => kid === header.kid && kty === 'RSA')).toHaveLength(1);
  await expect(createLocalJWKSet(jwks)(header)).resolves.toBeDefined();
});

test.each([
  ['oidcc-userinfo-get', (token: string) => userinfo(frontdesk, token)],
  [
    'oidcc-userinfo-post-header',
    (token: string) =>
      sendRequest(`${frontdesk.issuer}/oauth/userinfo`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
      }),
  ],
  [
    'oidcc-userinfo-post-body',
    (token: string) => sendRequest(`${frontdesk.issuer}/oauth/userinfo`, { form: { access_token: token } }),
  ],
])('%s', async (_, fetchUserinfo) => {
  const { access_token: token } = await tokensOf(frontdesk, browser, client);
  const response = await fetchUserinfo(token);
  expect([response.status, response.json()['sub']]).toEqual([200, frontdesk.annId]);
});

test.each([
  ['oidcc-ensure-request-without-nonce-succeeds-for-code-flow', { nonce: undefined }],
  ['oidcc-display-page', { display: 'page' }],
  ['oidcc-display-popup', { display: 'popup' }],
  ['oidcc-ensure-request-with-unknown-parameter-succeeds', { extra: 'foobar' }],
  ['oidcc-login-hint', { login_hint: 'ann@example.com' }],
  ['oidcc-ui-locales', { ui_locales: 'se fr-CA x-nonsense' }],
  ['oidcc-claims-locales', { claims_locales: 'se fr-CA' }],
  ['oidcc-max-age-10000', { max_age: '10000' }],
])('%s', async (_, parameters: Record<string, string | undefined>) => {
  const { claims } = await tokensOf(frontdesk, browser, client, parameters);
  expect(claims.sub).toBe(frontdesk.annId);
  if (parameters['max_age']) expect(claims['auth_time']).toEqual(expect.any(Number));
});

test('oidcc-login-hint fills in the login field', async () => {
  const page = await browser.visit(authorizeWithoutPkce(frontdesk, client, { login_hint: 'ann@example.com' }).url);
  expect(page.root.querySelector('input[name=login]')?.getAttribute('value')).toBe('ann@example.com');
});

test('oidcc-ensure-request-with-acr-values-succeeds', async () => {
  const discovery = (await sendRequest(`${frontdesk.issuer}/.well-known/openid-configuration`)).json<
    Record<string, string[]>
  >();
  const acr = discovery['acr_values_supported']!.join(' ');
  expect((await tokensOf(frontdesk, browser, client, { acr_values: acr })).claims['acr']).toBe(acr);
  // `acr_values` is a voluntary request: an unsupported value is ignored.
  expect((await tokensOf(frontdesk, newBrowser(frontdesk), client, { acr_values: 'aal9' })).claims['acr']).toBe('aal1');
});

test('oidcc-prompt-none-not-logged-in', async () => {
  const request = authorizeWithoutPkce(frontdesk, client, { prompt: 'none' });
  expect(responseParameters(await browser.visit(request.url))).toMatchObject({
    error: 'login_required',
    state: request.state,
  });
});

test('oidcc-prompt-none-logged-in', async () => {
  const first = await tokensOf(frontdesk, browser, client);
  const page = await browser.visit(authorizeWithoutPkce(frontdesk, client, { prompt: 'none' }).url);
  const { code } = responseParameters(page);
  const response = await exchange(frontdesk, client, { code: code!, verifier: '' });
  expect([response.status, first.claims.sub]).toEqual([200, frontdesk.annId]);
});

test('oidcc-id-token-hint', async () => {
  const { id_token: hint, claims } = await tokensOf(frontdesk, browser, client);
  const second = await tokensOf(frontdesk, browser, client, { prompt: 'none', id_token_hint: hint });
  expect(second.claims).toMatchObject({ sub: claims.sub, auth_time: claims['auth_time'] });
});

test.each([
  ['oidcc-prompt-login', { prompt: 'login' }],
  ['oidcc-max-age-1', { max_age: '1' }],
])('%s', async (_, parameters) => {
  const first = await tokensOf(frontdesk, browser, client, { max_age: '10000' });
  // `auth_time` and `max_age` are in whole seconds.
  await sleep(2_100);
  const page = await browser.visit(authorizeWithoutPkce(frontdesk, client, parameters).url);
  expect(page.root.querySelector('input[name=password]')).not.toBeNull();
  const second = await tokensOf(frontdesk, browser, client, parameters);
  expect(second.claims.sub).toBe(first.claims.sub);
  expect(second.claims['auth_time']).toBeGreaterThan(first.claims['auth_time'] as number);
});

test.each([
  ['oidcc-codereuse', 0],
  ['oidcc-codereuse-30seconds', 30],
])('%s', async (_, seconds) => {
  const { code } = responseParameters(await completeInteractions(browser, authorizeWithoutPkce(frontdesk, client)));
  const exchangeCode = () => exchange(frontdesk, client, { code: code!, verifier: '' });
  const first = await exchangeCode();
  expect(first.status).toBe(200);
  await frontdesk.db.writeOutsideTransaction(
    statement(
      `update artifacts set consumed_at = consumed_at - make_interval(secs => $1) where consumed_at is not null`,
    ),
    [seconds],
  );
  const second = await exchangeCode();
  expect([second.status, second.json()['error']]).toEqual([400, 'invalid_grant']);
  expect((await userinfo(frontdesk, first.json<{ access_token: string }>().access_token)).status).toBe(401);
});

test('oidcc-ensure-registered-redirect-uri', async () => {
  const other = { ...client, redirectUri: `${client.redirectUri}/not-registered` };
  const page = await browser.visit(authorizeWithoutPkce(frontdesk, other).url);
  expect([page.status, page.location]).toEqual([400, undefined]);
  expect(page.headers['content-type']).toContain('text/html');
});

test('oidcc-server-client-secret-post', async () => {
  const postClient = await suiteClient(frontdesk, rp, { token_endpoint_auth_method: 'client_secret_post' });
  const { code } = responseParameters(await completeInteractions(browser, authorizeWithoutPkce(frontdesk, postClient)));
  const form = { grant_type: 'authorization_code', code: code!, redirect_uri: postClient.redirectUri };
  const withSecret = { ...form, client_id: postClient.id, client_secret: postClient.secret! };
  expect(
    (await sendRequest(`${frontdesk.issuer}/oauth/token`, { form: { ...withSecret, client_secret: 'no' } })).status,
  ).toBe(401);
  expect((await sendRequest(`${frontdesk.issuer}/oauth/token`, { form: withSecret })).status).toBe(200);
});

test('oidcc-refresh-token', async () => {
  const parameters = { scope: 'openid offline_access', prompt: 'consent' };
  const tokens = await tokensOf(frontdesk, browser, client, parameters);
  const other = await suiteClient(frontdesk, rp, { grant_types: ['authorization_code', 'refresh_token'] });
  expect((await refresh(frontdesk, other, tokens.refresh_token!)).status).toBe(400);
  const next = await refresh(frontdesk, client, tokens.refresh_token!);
  expect([next.status, typeof next.json()['id_token']]).toEqual([200, 'string']);
});

test('oidcc-ensure-request-with-valid-pkce-succeeds', async () => {
  const request = authorize(frontdesk, client);
  const code = await codeFor(browser, request);
  expect((await exchange(frontdesk, client, { code, verifier: 'x'.repeat(43) })).status).toBe(400);
  expect((await exchange(frontdesk, client, { code, verifier: request.verifier })).status).toBe(200);
});
