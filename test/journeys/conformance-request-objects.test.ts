/** Request objects as the suite's dynamic plan checks them, in tests named after its modules; and what is refused. */
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

/** The parameters of a request, as claims. */
function claimsFor(client: RegisteredApp, more: object = {}): Record<string, string> {
  const { searchParams } = new URL(authorizeWithoutPkce(frontdesk, client, { state: 'inside', nonce: 'inside' }).url);
  return { ...Object.fromEntries(searchParams), iss: client.id, aud: frontdesk.issuer, ...more };
}

/** An authorization request with all parameters in its request object. */
const at = (client: RegisteredApp, parameters: Record<string, string>, server: Frontdesk = frontdesk) => {
  const query = new URLSearchParams({ client_id: client.id, response_type: 'code', scope: 'openid', ...parameters });
  return { url: `${server.issuer}/oauth/authorize?${query.toString()}` };
};

const withUri = (path: string, more: object = {}): Promise<SuiteClient> =>
  suiteClient(frontdesk, rp, { request_uris: [`${rp.origin}${path}`], jwks: jwksOf(key), ...more });

test('oidcc-request-uri-signed-rs256', async () => {
  const client = await withUri('/signed#fragment', { request_object_signing_alg: 'RS256' });
  expect(client.registration).toMatchObject({ request_object_signing_alg: 'RS256' });
  rp.pages.set('/signed', await signed(key, claimsFor(client)));
  const response = responseParameters(
    await completeInteractions(browser, at(client, { request_uri: `${rp.origin}/signed#fragment` })),
  );
  expect(response).toMatchObject({ state: 'inside', code: expect.any(String) });
  // Only the registered key and algorithm are accepted.
  const forged = await signed(await makeKey('RS256', key.kid), claimsFor(client));
  const others = [unsigned(claimsFor(client)), forged, 'no.jwt.at all'];
  for (const [index, request] of others.entries()) {
    const other = await withUri(`/refused-${index}`, { request_object_signing_alg: 'RS256' });
    rp.pages.set(`/refused-${index}`, request);
    const page = await browser.visit(at(other, { request_uri: `${rp.origin}/refused-${index}` }).url);
    expect([page.status, page.text]).toEqual([400, expect.stringContaining('invalid_request_object')]);
  }
});

test('oidcc-request-uri-unsigned', async () => {
  const client = await withUri('/unsigned');
  rp.pages.set('/unsigned', unsigned(claimsFor(client, { claims: { userinfo: { name: null } } })));
  const response = responseParameters(
    await completeInteractions(browser, at(client, { request_uri: `${rp.origin}/unsigned` })),
  );
  expect(response).toMatchObject({ state: 'inside', code: expect.any(String) });
});

test('oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported', async () => {
  const client = await suiteClient(frontdesk, rp, { request_object_signing_alg: 'none' });
  expect(client.registration).toMatchObject({ request_object_signing_alg: 'none' });
  const page = await completeInteractions(
    browser,
    at(client, { request: unsigned(claimsFor(client)), state: 'outside' }),
  );
  expect(responseParameters(page)).toMatchObject({ state: 'inside', code: expect.any(String) });
});

test('oidcc-ensure-request-object-with-redirect-uri', async () => {
  const client = await suiteClient(frontdesk, rp, { jwks: jwksOf(key) });
  for (const request of [unsigned(claimsFor(client)), await signed(key, claimsFor(client))]) {
    const page = await completeInteractions(
      browser,
      at(client, { request, redirect_uri: 'https://evil.example/callback' }),
    );
    expect(page.location).toMatch(`${rp.redirectUri}?`);
    expect(responseParameters(page)['code']).toBeDefined();
  }
  const inside = await signed(key, claimsFor(client, { redirect_uri: 'https://evil.example/callback' }));
  const page = await browser.visit(at(client, { request: inside, redirect_uri: rp.redirectUri }).url);
  expect([page.status, page.location]).toEqual([400, undefined]);
});

test('discovery says so', async () => {
  const discovery = (await sendRequest(`${frontdesk.issuer}/.well-known/openid-configuration`)).json();
  expect(discovery).toMatchObject({
    request_parameter_supported: true,
    request_uri_parameter_supported: true,
    require_request_uri_registration: true,
    request_object_signing_alg_values_supported: ['RS256', 'PS256', 'ES256', 'Ed25519', 'none'],
  });
});

describe('C07 only what an app registered is fetched', () => {
  test.each([
    ['another address of the app', '/other'],
    ['a longer address', '/known?x=1'],
    ['another fragment', '/known#other'],
  ])('%s is not', async (_, path) => {
    const client = await withUri('/known');
    const before = rp.asked.length;
    const page = await browser.visit(at(client, { request_uri: `${rp.origin}${path}` }).url);
    expect([page.status, page.text]).toEqual([400, expect.stringContaining('request_uri_unknown')]);
    expect(rp.asked.length).toBe(before);
  });

  test('nothing is fetched for an unknown app, or beside another request object', async () => {
    const client = await withUri('/twice');
    const stranger = { ...client, id: 'nobody' };
    const uri = `${rp.origin}/twice`;
    expect((await browser.visit(at(stranger, { request_uri: uri }).url)).status).toBe(400);
    const both = await browser.visit(at(client, { request_uri: uri, request: unsigned(claimsFor(client)) }).url);
    expect(both.status).toBe(400);
    const repeated = at(client, { request_uri: uri });
    expect((await browser.visit(`${repeated.url}&request_uri=${encodeURIComponent(uri)}`)).status).toBe(400);
    expect(rp.asked).not.toContain('/twice');
  });

  test('C09 what is unreachable or too large ends on a page, and is fetched once a minute', async () => {
    rp.pages.set('/large', 'x'.repeat(70_000));
    for (const path of ['/missing', '/large']) {
      const client = await withUri(path);
      for (let count = 0; count < 3; count += 1) {
        const page = await browser.visit(at(client, { request_uri: `${rp.origin}${path}` }).url);
        expect([page.status, page.text]).toEqual([400, expect.stringContaining('request_uri_unreachable')]);
      }
      expect(rp.asked.filter((asked) => asked === path)).toHaveLength(1);
    }
  });

  test('private hosts are not reached', async () => {
    const guarded = await startConformanceServer({ settings: { ...suiteSettings, OUTGOING_ALLOWED_HOSTS: '' } });
    const uri = `${rp.origin}/guarded`;
    const client = await suiteClient(guarded, rp, { request_uris: [uri] });
    const page = await newBrowser(guarded).visit(at(client, { request_uri: uri }, guarded).url);
    expect(page.text).toContain('request_uri_unreachable');
    expect(rp.asked).not.toContain('/guarded');
    await guarded.close();
  });
});

describe('C01 outside the profile', () => {
  test('an unsigned request object is refused, and a signed one accepted', async () => {
    const plain = await startFrontdesk({ settings: withRegistration });
    const client = await suiteClient(plain, rp, { jwks: jwksOf(key) });
    const pkce = { code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' };
    const claims = claimsFor(client, { ...pkce, aud: plain.issuer });
    const visit = (request: string) => newBrowser(plain).visit(at(client, { request }, plain).url);
    expect((await visit(unsigned(claims))).text).toContain('invalid_request_object');
    expect((await visit(await signed(key, claims))).root.querySelector('input[name=login]')).not.toBeNull();
    const discovery = (await sendRequest(`${plain.issuer}/.well-known/openid-configuration`)).json();
    expect(discovery['request_object_signing_alg_values_supported']).not.toContain('none');
    await plain.close();
  });
});

test.each([
  ['a request inside', { request: 'x.y.z' }],
  ['another client', { client_id: 'somebody-else' }],
])('an unsigned request with %s is refused', async (_, more) => {
  const client = await suiteClient(frontdesk, rp);
  const page = await browser.visit(at(client, { request: unsigned(claimsFor(client, more)) }).url);
  expect([page.status, page.text]).toEqual([400, expect.stringContaining('request_object_invalid')]);
});
