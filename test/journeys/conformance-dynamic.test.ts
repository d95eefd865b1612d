/** Registration and keys as the suite's dynamic plan checks them, in tests named after its modules. */
import { decodeProtectedHeader } from 'jose';
import { rotateNow } from '../../src/keys/rotate-signing-keys.ts';
import { defaultPolicy } from '../../src/policy/policy.ts';
import { sendRequest, type HttpResponse, type Browser } from '../support/browser.ts';
import { responseParameters, newBrowser, userinfo, type Tokens } from '../support/flow.ts';
import { eventually } from '../support/eventually.ts';
import type { Frontdesk } from '../support/frontdesk.ts';
import { assertion, jwksOf, makeKey, type AppKey } from '../support/keys.ts';
import { metadata, register, registrationToken } from '../support/registration.ts';
import {
  completeInteractions,
  authorizeWithoutPkce,
  startConformanceServerOf,
  idToken,
  startRp,
  startConformanceServer,
  suiteClient,
  tokensOf,
  type Rp,
} from '../support/suite.ts';

let frontdesk: Frontdesk & { annId: string };
let rp: Rp;
let key: AppKey;
let browser: Browser;

beforeAll(async () => {
  frontdesk = await startConformanceServer();
  rp = await startRp();
  key = await makeKey();
});
beforeEach(() => {
  browser = newBrowser(frontdesk);
});

/** A client with private_key_jwt, as all clients of this plan. */
const keyClient = (more: object = {}) =>
  suiteClient(frontdesk, rp, { token_endpoint_auth_method: 'private_key_jwt', jwks: jwksOf(key), ...more });
type KeyClient = Awaited<ReturnType<typeof keyClient>>;

async function tokenCall(
  client: KeyClient,
  form: Record<string, string>,
  by: AppKey = key,
  audience: string | string[] = `${frontdesk.issuer}/oauth/token`,
): Promise<HttpResponse> {
  const proof = await assertion(by, client.id, audience);
  return sendRequest(`${frontdesk.issuer}/oauth/token`, { form: { client_id: client.id, ...form, ...proof } });
}

async function codeOf(client: KeyClient, parameters: Record<string, string> = {}): Promise<Record<string, string>> {
  const { code } = responseParameters(
    await completeInteractions(browser, authorizeWithoutPkce(frontdesk, client, parameters)),
  );
  return { grant_type: 'authorization_code', code: code!, redirect_uri: client.redirectUri };
}

test.each(['RS256', 'ES256'])('oidcc-userinfo-rs256 and ID tokens by %s', async (algorithm) => {
  const more = { userinfo_signed_response_alg: algorithm, id_token_signed_response_alg: algorithm };
  const client = await suiteClient(frontdesk, rp, more);
  const tokens = await tokensOf(frontdesk, browser, client);
  const response = await userinfo(frontdesk, tokens.access_token);
  expect(response.headers['content-type']).toContain('application/jwt');
  expect(await idToken(frontdesk, client, response.body)).toMatchObject({ sub: frontdesk.annId, name: 'Ann Archer' });
  for (const token of [response.body, tokens.id_token!]) expect(decodeProtectedHeader(token).alg).toBe(algorithm);
});

test.each([
  ['oidcc-ensure-redirect-uri-in-authorization-request', '', undefined],
  ['oidcc-redirect-uri-query-OK', '?foo=bar', '?foo=bar'],
  ['oidcc-redirect-uri-query-mismatch', '?foo=bar', '?foo=other'],
  ['oidcc-redirect-uri-query-mismatch, a part left out', '?foo=bar', ''],
  ['oidcc-redirect-uri-query-added', '', '?foo=bar'],
])('%s', async (_, registeredQuery, sentQuery) => {
  const client = await keyClient({ redirect_uris: [`${rp.redirectUri}${registeredQuery}`] });
  const redirect_uri = sentQuery === undefined ? undefined : `${rp.redirectUri}${sentQuery}`;
  const page = await completeInteractions(browser, authorizeWithoutPkce(frontdesk, client, { redirect_uri }));
  if (registeredQuery === sentQuery) {
    expect(responseParameters(page)).toMatchObject({ foo: 'bar', code: expect.any(String) });
    return;
  }
  expect([page.status, page.location]).toEqual([400, undefined]);
});

test('oidcc-registration-jwks-uri', async () => {
  rp.pages.set('/jwks', JSON.stringify(jwksOf(key)));
  const client = await keyClient({ jwks: undefined, jwks_uri: `${rp.origin}/jwks` });
  expect((await tokenCall(client, await codeOf(client), await makeKey('RS256', key.kid))).status).toBe(401);
  expect((await tokenCall(client, await codeOf(client))).status).toBe(200);
  expect(rp.asked.filter((path) => path === '/jwks')).toHaveLength(1);
});

test('oidcc-refresh-token-rp-key-rotation', async () => {
  rp.pages.set('/rotating', JSON.stringify(jwksOf(key)));
  const client = await keyClient({
    jwks: undefined,
    jwks_uri: `${rp.origin}/rotating`,
    grant_types: ['authorization_code', 'refresh_token'],
  });
  const tokens = (await tokenCall(client, await codeOf(client))).json<Tokens>();
  const next = await makeKey();
  rp.pages.set('/rotating', JSON.stringify(jwksOf(next)));
  const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token! };
  // Keys are fetched again after a minute; the suite waits, and another process has fetched none yet.
  expect((await tokenCall(client, form, next)).status).toBe(401);
  const later = await startConformanceServerOf(frontdesk);
  const proof = await assertion(next, client.id, `${frontdesk.issuer}/oauth/token`);
  const response = await sendRequest(
    `${frontdesk.issuer}/oauth/token`,
    { form: { client_id: client.id, ...form, ...proof } },
    later.port,
  );
  expect(response.status).toBe(200);
  await later.close();
});

test('oidcc-ensure-client-assertion-with-iss-aud-succeeds', async () => {
  const client = await keyClient();
  expect((await tokenCall(client, await codeOf(client), key, frontdesk.issuer)).status).toBe(200);
});

test('C06 a request object is no client assertion', async () => {
  const client = await keyClient();
  const form = await codeOf(client);
  const audience = `${frontdesk.issuer}/oauth/token`;
  const asRequest = { response_type: 'code', scope: 'openid', redirect_uri: client.redirectUri };
  const typed = await assertion(key, client.id, audience, {}, 'oauth-authz-req+jwt');
  for (const proof of [await assertion(key, client.id, audience, asRequest), typed]) {
    const response = await sendRequest(audience, { form: { ...form, client_id: client.id, ...proof } });
    expect([response.status, response.json()['error']]).toEqual([401, 'invalid_client']);
  }
  expect((await tokenCall(client, form)).status).toBe(200);
});

test('oidcc-server-rotate-keys', async () => {
  const kids = async () =>
    (await sendRequest(`${frontdesk.issuer}/oauth/jwks`))
      .json<{ keys: { kid: string }[] }>()
      .keys.map(({ kid }) => kid);
  const client = await suiteClient(frontdesk, rp);
  const before = await tokensOf(frontdesk, browser, client);
  const known = await kids();
  await rotateNow({ ...frontdesk, policy: defaultPolicy }, true);
  await eventually(kids, (now) => now.some((kid) => !known.includes(kid)));
  const after = await tokensOf(frontdesk, browser, client);
  const kidOf = (token: string | undefined) => decodeProtectedHeader(token!).kid;
  expect(known).not.toContain(kidOf(after.id_token));
  expect(await kids()).toEqual(expect.arrayContaining(known));
  expect((await idToken(frontdesk, client, before.id_token)).sub).toBe(frontdesk.annId);
});

test('oidcc-registration-tos-uri: terms are at the Foundation, logos are not', async () => {
  const token = await registrationToken(frontdesk);
  const elsewhere = 'https://openid.example/';
  const terms = await register(frontdesk, token, metadata({ tos_uri: elsewhere, policy_uri: elsewhere }));
  expect(terms.json()).toMatchObject({ tos_uri: elsewhere, policy_uri: elsewhere });
  expect((await register(frontdesk, token, metadata({ logo_uri: elsewhere }))).status).toBe(400);
});
