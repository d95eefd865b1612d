/** Tests request objects: as the suite's dynamic plan checks them, in tests named after its modules, and refused ones. */
import { sendRequest, type Browser } from '../support/browser.ts';
import type { RegisteredApp } from '../support/people-and-apps.ts';
import { responseParameters, newBrowser } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { jwksOf, makeKey, signed, unsigned, type AppKey } from '../support/keys.ts';
import { withRegistration, type Registered } from '../support/registration.ts';
import {
  completeInteractions,
  authorizeWithoutPkce,
  startRp,
  startConformanceServer,
  suiteClient,
  suiteSettings,
  type Rp,
} from '../support/suite.ts';

type SuiteClient = RegisteredApp & { registration: Registered };

let frontdesk: Frontdesk & { annId: string };
let rp: Rp;
let key: AppKey;
let browser: Browser;

beforeAll(async () => {
  frontdesk = await startConformanceServer();
  rp = await startRp();
  key = await makeKey('RS256');
});
beforeEach(() => {
  browser = newBrowser(frontdesk);
});

/** The claims of a request object: the parameters of an authorization request, `iss` and `aud`. */
function claimsFor(client: RegisteredApp, more: object = {}): Record<string, string> {
  const { searchParams } = new URL(authorizeWithoutPkce(frontdesk, client, { state: 'inside', nonce: 'inside' }).url);
  return { ...Object.fromEntries(searchParams), iss: client.id, aud: frontdesk.issuer, ...more };
}

/** An authorization request with only the required parameters outside of its request object. */
const requestWith = (client: RegisteredApp, parameters: Record<string, string>, server: Frontdesk = frontdesk) => {
  const query = new URLSearchParams({ client_id: client.id, response_type: 'code', scope: 'openid', ...parameters });
  return { url: `${server.issuer}/oauth/authorize?${query.toString()}` };
};

/** Registers a client with a request URI. */
const clientWithRequestUri = (path: string, more: object = {}): Promise<SuiteClient> =>
  suiteClient(frontdesk, rp, { request_uris: [`${rp.origin}${path}`], jwks: jwksOf(key), ...more });

test('oidcc-request-uri-signed-rs256', async () => {
  const client = await clientWithRequestUri('/signed#fragment', { request_object_signing_alg: 'RS256' });
  expect(client.registration).toMatchObject({ request_object_signing_alg: 'RS256' });
  rp.pages.set('/signed', await signed(key, claimsFor(client)));
  const response = responseParameters(
    await completeInteractions(browser, requestWith(client, { request_uri: `${rp.origin}/signed#fragment` })),
  );
  expect(response).toMatchObject({ state: 'inside', code: expect.any(String) });
  // Request objects with another key or algorithm are refused.
  const forged = await signed(await makeKey('RS256', key.kid), claimsFor(client));
  const refused = [unsigned(claimsFor(client)), forged, 'no.jwt.at all'];
  for (const [index, request] of refused.entries()) {
    const other = await clientWithRequestUri(`/refused-${index}`, { request_object_signing_alg: 'RS256' });
    rp.pages.set(`/refused-${index}`, request);
    const page = await browser.visit(requestWith(other, { request_uri: `${rp.origin}/refused-${index}` }).url);
    expect([page.status, page.text]).toEqual([400, expect.stringContaining('invalid_request_object')]);
  }
});

test('oidcc-request-uri-unsigned', async () => {
  const client = await clientWithRequestUri('/unsigned');
  rp.pages.set('/unsigned', unsigned(claimsFor(client, { claims: { userinfo: { name: null } } })));
  const response = responseParameters(
    await completeInteractions(browser, requestWith(client, { request_uri: `${rp.origin}/unsigned` })),
  );
  expect(response).toMatchObject({ state: 'inside', code: expect.any(String) });
});

test('oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported', async () => {
  const client = await suiteClient(frontdesk, rp, { request_object_signing_alg: 'none' });
  expect(client.registration).toMatchObject({ request_object_signing_alg: 'none' });
  const page = await completeInteractions(
    browser,
    requestWith(client, { request: unsigned(claimsFor(client)), state: 'outside' }),
  );
  expect(responseParameters(page)).toMatchObject({ state: 'inside', code: expect.any(String) });
});

test('oidcc-ensure-request-object-with-redirect-uri', async () => {
  const client = await suiteClient(frontdesk, rp, { jwks: jwksOf(key) });
  for (const request of [unsigned(claimsFor(client)), await signed(key, claimsFor(client))]) {
    const page = await completeInteractions(
      browser,
      requestWith(client, { request, redirect_uri: 'https://evil.example/callback' }),
    );
    expect(page.location).toMatch(`${rp.redirectUri}?`);
    expect(responseParameters(page)['code']).toBeDefined();
  }
  const withEvilRedirectUri = await signed(key, claimsFor(client, { redirect_uri: 'https://evil.example/callback' }));
  const page = await browser.visit(
    requestWith(client, { request: withEvilRedirectUri, redirect_uri: rp.redirectUri }).url,
  );
  expect([page.status, page.location]).toEqual([400, undefined]);
});

test('discovery says which request objects are supported', async () => {
  const discovery = (await sendRequest(`${frontdesk.issuer}/.well-known/openid-configuration`)).json();
  expect(discovery).toMatchObject({
    request_parameter_supported: true,
    request_uri_parameter_supported: true,
    require_request_uri_registration: true,
    request_object_signing_alg_values_supported: ['RS256', 'PS256', 'ES256', 'Ed25519', 'none'],
  });
});

describe('C07 only registered request URIs are fetched', () => {
  test.each([
    ['another path', '/other'],
    ['a query', '/known?x=1'],
    ['another fragment', '/known#other'],
  ])('a request URI with %s is not fetched', async (_, path) => {
    const client = await clientWithRequestUri('/known');
    const countBefore = rp.requestedPaths.length;
    const page = await browser.visit(requestWith(client, { request_uri: `${rp.origin}${path}` }).url);
    expect([page.status, page.text]).toEqual([400, expect.stringContaining('request_uri_unknown')]);
    expect(rp.requestedPaths.length).toBe(countBefore);
  });

  test('a request URI of an unknown client, or beside `request` or another request_uri, is not fetched', async () => {
    const client = await clientWithRequestUri('/twice');
    const unknownClient = { ...client, id: 'nobody' };
    const uri = `${rp.origin}/twice`;
    expect((await browser.visit(requestWith(unknownClient, { request_uri: uri }).url)).status).toBe(400);
    const both = await browser.visit(
      requestWith(client, { request_uri: uri, request: unsigned(claimsFor(client)) }).url,
    );
    expect(both.status).toBe(400);
    const repeated = requestWith(client, { request_uri: uri });
    expect((await browser.visit(`${repeated.url}&request_uri=${encodeURIComponent(uri)}`)).status).toBe(400);
    expect(rp.requestedPaths).not.toContain('/twice');
  });

  test('C09 a document that is missing or too large leads to an error page, and is fetched once a minute', async () => {
    rp.pages.set('/large', 'x'.repeat(70_000));
    for (const [path, problem] of [
      ['/missing', 'status_404'],
      ['/large', 'too_large'],
    ] as const) {
      const client = await clientWithRequestUri(path);
      for (let count = 0; count < 3; count += 1) {
        const page = await browser.visit(requestWith(client, { request_uri: `${rp.origin}${path}` }).url);
        expect([page.status, page.text]).toEqual([400, expect.stringContaining('request_uri_unreachable')]);
      }
      expect(rp.requestedPaths.filter((requested) => requested === path)).toHaveLength(1);
      const line = frontdesk.logged.findLast((each) => each.includes('request_uri_unreachable'));
      expect(JSON.parse(line!)).toMatchObject({ level: 'warn', clientId: client.id, problem });
    }
  });

  test('a request URI on a private host is not fetched', async () => {
    const guarded = await startConformanceServer({ settings: { ...suiteSettings, OUTGOING_ALLOWED_HOSTS: '' } });
    const uri = `${rp.origin}/guarded`;
    const client = await suiteClient(guarded, rp, { request_uris: [uri] });
    const page = await newBrowser(guarded).visit(requestWith(client, { request_uri: uri }, guarded).url);
    expect(page.text).toContain('request_uri_unreachable');
    expect(rp.requestedPaths).not.toContain('/guarded');
    const line = guarded.logged.find((each) => each.includes('request_uri_unreachable'));
    expect(JSON.parse(line!)).toMatchObject({ clientId: client.id, problem: 'not_allowed' });
    await guarded.close();
  });
});

describe('C01 without the conformance profile', () => {
  test('an unsigned request object is refused, and a signed one accepted', async () => {
    const withoutProfile = await startFrontdesk({ settings: withRegistration });
    const client = await suiteClient(withoutProfile, rp, { jwks: jwksOf(key) });
    const pkce = { code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' };
    const claims = claimsFor(client, { ...pkce, aud: withoutProfile.issuer });
    const visit = (request: string) =>
      newBrowser(withoutProfile).visit(requestWith(client, { request }, withoutProfile).url);
    expect((await visit(unsigned(claims))).text).toContain('invalid_request_object');
    expect((await visit(await signed(key, claims))).root.querySelector('input[name=login]')).not.toBeNull();
    const discovery = (await sendRequest(`${withoutProfile.issuer}/.well-known/openid-configuration`)).json();
    expect(discovery['request_object_signing_alg_values_supported']).not.toContain('none');
    await withoutProfile.close();
  });
});

test.each([
  ['a nested request object', { request: 'x.y.z' }],
  ['another client', { client_id: 'somebody-else' }],
])('an unsigned request object with %s is refused', async (_, more) => {
  const client = await suiteClient(frontdesk, rp);
  const page = await browser.visit(requestWith(client, { request: unsigned(claimsFor(client, more)) }).url);
  expect([page.status, page.text]).toEqual([400, expect.stringContaining('request_object_invalid')]);
});
