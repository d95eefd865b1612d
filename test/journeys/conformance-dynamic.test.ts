/** Tests registration and keys as the suite's dynamic plan checks them; each test is named after its modules. */
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
  startSecondConformanceServer,
  startRp,
  startConformanceServer,
  suiteClient,
  tokensOf,
  verifyIdToken,
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

/** Registers a client that authenticates with private_key_jwt, as all clients of this plan do. */
const keyClient = (more: object = {}) =>
  suiteClient(frontdesk, rp, { token_endpoint_auth_method: 'private_key_jwt', jwks: jwksOf(key), ...more });
type KeyClient = Awaited<ReturnType<typeof keyClient>>;

/** Sends a token request with a client assertion. */
async function requestTokens(
  client: KeyClient,
  form: Record<string, string>,
  signingKey: AppKey = key,
  audience: string | string[] = `${frontdesk.issuer}/oauth/token`,
): Promise<HttpResponse> {
  const clientAssertion = await assertion(signingKey, client.id, audience);
  return sendRequest(`${frontdesk.issuer}/oauth/token`, {
    form: { client_id: client.id, ...form, ...clientAssertion },
  });
}

/** Signs in. @returns the form of a token request with the code */
async function codeForm(client: KeyClient, parameters: Record<string, string> = {}): Promise<Record<string, string>> {
  const { code } = responseParameters(
    await completeInteractions(browser, authorizeWithoutPkce(frontdesk, client, parameters)),
  );
  return { grant_type: 'authorization_code', code: code!, redirect_uri: client.redirectUri };
}

test.each(['RS256', 'ES256'])('oidcc-userinfo-rs256 with userinfo and ID tokens signed by %s', async (algorithm) => {
  const more = { userinfo_signed_response_alg: algorithm, id_token_signed_response_alg: algorithm };
  const client = await suiteClient(frontdesk, rp, more);
  const tokens = await tokensOf(frontdesk, browser, client);
  const response = await userinfo(frontdesk, tokens.access_token);
  expect(response.headers['content-type']).toContain('application/jwt');
  const claims = await verifyIdToken(frontdesk, client, response.body);
  expect(claims).toMatchObject({ sub: frontdesk.annId, name: 'Ann Archer' });
  for (const token of [response.body, tokens.id_token!]) expect(decodeProtectedHeader(token).alg).toBe(algorithm);
});

test.each([
  ['oidcc-ensure-redirect-uri-in-authorization-request', '', undefined],
  ['oidcc-redirect-uri-query-OK', '?foo=bar', '?foo=bar'],
  ['oidcc-redirect-uri-query-mismatch', '?foo=bar', '?foo=other'],
  ['oidcc-redirect-uri-query-mismatch with the query left out', '?foo=bar', ''],
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
  expect((await requestTokens(client, await codeForm(client), await makeKey('RS256', key.kid))).status).toBe(401);
  expect((await requestTokens(client, await codeForm(client))).status).toBe(200);
  expect(rp.requestedPaths.filter((path) => path === '/jwks')).toHaveLength(1);
});

test('oidcc-refresh-token-rp-key-rotation', async () => {
  rp.pages.set('/rotating', JSON.stringify(jwksOf(key)));
  const client = await keyClient({
    jwks: undefined,
    jwks_uri: `${rp.origin}/rotating`,
    grant_types: ['authorization_code', 'refresh_token'],
  });
  const tokens = (await requestTokens(client, await codeForm(client))).json<Tokens>();
  const newKey = await makeKey();
  rp.pages.set('/rotating', JSON.stringify(jwksOf(newKey)));
  const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token! };
  // A server fetches keys again after a minute, for which the suite waits. Another server has not fetched them yet.
  expect((await requestTokens(client, form, newKey)).status).toBe(401);
  const secondServer = await startSecondConformanceServer(frontdesk);
  const clientAssertion = await assertion(newKey, client.id, `${frontdesk.issuer}/oauth/token`);
  const response = await sendRequest(
    `${frontdesk.issuer}/oauth/token`,
    { form: { client_id: client.id, ...form, ...clientAssertion } },
    secondServer.port,
  );
  expect(response.status).toBe(200);
  await secondServer.close();
});

test('oidcc-ensure-client-assertion-with-iss-aud-succeeds', async () => {
  const client = await keyClient();
  expect((await requestTokens(client, await codeForm(client), key, frontdesk.issuer)).status).toBe(200);
});

test('C06 a JWT that is a request object is refused as a client assertion', async () => {
  const client = await keyClient();
  const form = await codeForm(client);
  const audience = `${frontdesk.issuer}/oauth/token`;
  const requestParameters = { response_type: 'code', scope: 'openid', redirect_uri: client.redirectUri };
  const withRequestType = await assertion(key, client.id, audience, {}, 'oauth-authz-req+jwt');
  for (const refused of [await assertion(key, client.id, audience, requestParameters), withRequestType]) {
    const response = await sendRequest(audience, { form: { ...form, client_id: client.id, ...refused } });
    expect([response.status, response.json()['error']]).toEqual([401, 'invalid_client']);
  }
  expect((await requestTokens(client, form)).status).toBe(200);
});

test('oidcc-server-rotate-keys', async () => {
  const kids = async () =>
    (await sendRequest(`${frontdesk.issuer}/oauth/jwks`))
      .json<{ keys: { kid: string }[] }>()
      .keys.map(({ kid }) => kid);
  const client = await suiteClient(frontdesk, rp);
  const before = await tokensOf(frontdesk, browser, client);
  const kidsBefore = await kids();
  await rotateNow({ ...frontdesk, policy: defaultPolicy }, true);
  await eventually(kids, (current) => current.some((kid) => !kidsBefore.includes(kid)));
  const after = await tokensOf(frontdesk, browser, client);
  const kidOf = (token: string | undefined) => decodeProtectedHeader(token!).kid;
  expect(kidsBefore).not.toContain(kidOf(after.id_token));
  expect(await kids()).toEqual(expect.arrayContaining(kidsBefore));
  expect((await verifyIdToken(frontdesk, client, before.id_token)).sub).toBe(frontdesk.annId);
});

test('oidcc-registration-tos-uri: terms may be on another host, logos may not', async () => {
  const token = await registrationToken(frontdesk);
  const otherHost = 'https://openid.example/';
  const terms = await register(frontdesk, token, metadata({ tos_uri: otherHost, policy_uri: otherHost }));
  expect(terms.json()).toMatchObject({ tos_uri: otherHost, policy_uri: otherHost });
  expect((await register(frontdesk, token, metadata({ logo_uri: otherHost }))).status).toBe(400);
});
