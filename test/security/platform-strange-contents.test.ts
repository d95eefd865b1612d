/**
 * Requirement G08 of README.md beside this file: no value in a form, a JWT or a JSON document causes a response with 5xx or
 * an error in the log.
 */
import { CompactSign } from 'jose';
import { sendRequest, type Browser, type HttpResponse } from '../support/browser.ts';
import { authorize, codeFor, newBrowser, signIn } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { jwksOf, makeKey, type AppKey } from '../support/keys.ts';
import { ann, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { asApp, callback, registered, send, withRegistration } from '../support/registration.ts';

let frontdesk: Frontdesk;
let site: RegisteredApp;

beforeAll(async () => {
  frontdesk = await startFrontdesk({ settings: { ...withRegistration, RATE_LIMIT_FACTOR: '1000' } });
  await ann(frontdesk);
  site = await siteA(frontdesk);
});

async function expectNoFault(label: string, request: Promise<HttpResponse>): Promise<void> {
  const { status } = await request;
  const errors = frontdesk.logged.filter((line) => /"level":"(error|fatal)"/.test(line));
  expect([label, status < 500, errors]).toEqual([label, true, []]);
}

/** Percent-encoded: U+0000, a lone surrogate, invalid UTF-8, an invalid escape, names of Object's prototype, a long text. */
const strangeValues = ['a%00b', '%ED%A0%80', '%FF', '%', '%5B%5D', '__proto__', 'constructor', 'x'.repeat(3_000)];

/** Submits each form of a page with a strange value in each of its fields, and in an unknown field. */
async function submitStrange(browser: Browser, url: string): Promise<void> {
  const page = await browser.visit(url);
  expect([page.status, page.root.querySelectorAll('form').length > 0]).toEqual([200, true]);
  const headers = { origin: frontdesk.issuer, 'sec-fetch-site': 'same-origin' };
  for (const form of page.root.querySelectorAll('form[method=post]')) {
    const action = new URL(form.getAttribute('action')!, page.url).href;
    // Each of these would end the session or the sign-in.
    if (/sign-out|end-all|cancel|continue|consent/.test(action)) continue;
    const fields = form
      .querySelectorAll('input')
      .map((input) => [input.getAttribute('name')!, input.getAttribute('value') ?? 'x']);
    for (const name of [...fields.map(([field]) => field!), 'unknown', '__proto__']) {
      for (const value of strangeValues) {
        const others = fields.filter(([field]) => field !== name).map((pair) => pair.map(encodeURIComponent).join('='));
        const body = [...others, `${name}=${value}`].join('&');
        await expectNoFault(`${action} ${name}=${value}`, browser.send(action, { form: body, headers }));
      }
    }
  }
}

test('G08 strange values in the fields of the sign-in page are no fault', () =>
  submitStrange(newBrowser(frontdesk), authorize(frontdesk, site).url));

test('G08 strange values in the fields of the account pages are no fault', async () => {
  const browser = newBrowser(frontdesk);
  await codeFor(browser, authorize(frontdesk, site));
  await codeFor(newBrowser(frontdesk), authorize(frontdesk, site));
  await codeFor(browser, authorize(frontdesk, asApp(await registered(frontdesk))));
  for (const path of ['devices', 'apps']) await submitStrange(browser, `${frontdesk.issuer}/account/${path}`);
});

test('G08 strange values in the tokens of forms that end sessions are no fault', async () => {
  for (const path of ['/account/sign-out', '/account/devices/end-all', '/oauth/logout/confirm']) {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, site));
    await browser.visit(`${frontdesk.issuer}/oauth/logout`);
    for (const name of ['csrf', 'xsrf', 'logout']) {
      for (const value of strangeValues) {
        await expectNoFault(
          `${path} ${name}`,
          browser.send(`${frontdesk.issuer}${path}`, { form: `${name}=${value}` }),
        );
      }
    }
  }
});

/** JSON values that PostgreSQL, a URL or a program may refuse. */
const values = [
  '"a\\u0000b"',
  '"\\ud800"',
  '"\\udfff\\ud800"',
  '1e999',
  '-1',
  '0.5',
  'null',
  'true',
  '{}',
  '[]',
  '[[]]',
  '["a\\u0000b"]',
  '{"__proto__":{"x":1}}',
  `"${'x'.repeat(2_000)}"`,
];

const encode = (text: string) => Buffer.from(text).toString('base64url');
const jwt = (header: string, payload: string, signature = '') => `${encode(header)}.${encode(payload)}.${signature}`;

/** Signs a JSON text as the payload of a JWT, without parsing it. */
const signedText = ({ algorithm, kid, privateKey }: AppKey, payload: string): Promise<string> =>
  new CompactSign(Buffer.from(payload)).setProtectedHeader({ alg: algorithm, kid }).sign(privateKey);

test('G08 strange claims of an assertion are no fault, with a valid signature or without', async () => {
  const key = await makeKey('ES256');
  const metadata = { jwks: jwksOf(key), token_endpoint_auth_method: 'private_key_jwt' };
  const client = asApp(await registered(frontdesk, metadata));
  for (const value of values) {
    for (const name of ['iss', 'sub', 'aud', 'jti', 'exp', 'iat', 'nbf']) {
      const claims = `{"iss":"site-a","sub":"site-a","aud":"${frontdesk.issuer}","jti":"x","exp":4000000000,"${name}":${value}}`;
      const assertion = jwt('{"alg":"ES256"}', claims, 'AAAA');
      const form = {
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
      };
      await expectNoFault(`${name}: ${value}`, sendRequest(`${frontdesk.issuer}/oauth/token`, { form }));
      const signed = { ...form, client_assertion: await signedText(key, claims.replaceAll('site-a', client.id)) };
      await expectNoFault(`signed ${name}: ${value}`, sendRequest(`${frontdesk.issuer}/oauth/token`, { form: signed }));
    }
    const header = jwt(`{"alg":${value},"kid":${value},"typ":${value}}`, '{"iss":"site-a","sub":"site-a"}', 'AAAA');
    for (const path of ['/oauth/introspect', '/oauth/revoke', '/oauth/userinfo']) {
      const headers = { authorization: `Bearer ${header}` };
      await expectNoFault(
        `${path} ${value}`,
        sendRequest(`${frontdesk.issuer}${path}`, { form: { token: header }, headers }),
      );
    }
    const hint = `${frontdesk.issuer}/oauth/logout?id_token_hint=${header}`;
    await expectNoFault(`hint ${value}`, sendRequest(hint));
  }
});

test('G08 strange members of a signed request object or of the claims parameter are no fault', async () => {
  const key = await makeKey('ES256');
  const client = asApp(await registered(frontdesk, { jwks: jwksOf(key), request_object_signing_alg: 'ES256' }));
  // Parameters outside of the request object are ignored (RFC 9101 §6.3).
  const parameters = Object.fromEntries(new URL(authorize(frontdesk, client).url).searchParams);
  const usual = JSON.stringify({ ...parameters, iss: client.id, aud: frontdesk.issuer }).slice(1, -1);
  const visitWith = async (payload: string) => {
    const query = new URLSearchParams({ client_id: client.id, request: await signedText(key, payload) });
    return newBrowser(frontdesk).visit(`${frontdesk.issuer}/oauth/authorize?${query.toString()}`);
  };
  expect((await visitWith(`{${usual}}`)).status).toBe(200);
  const names = 'iss aud exp iat nbf jti state nonce scope login_hint prompt max_age claims ui_locales acr_values';
  const more = 'client_id redirect_uri resource response_type response_mode code_challenge display unknown __proto__';
  for (const value of values) {
    for (const name of `${names} ${more}`.split(' ')) {
      await expectNoFault(`${name}: ${value}`, visitWith(`{${usual},"${name}":${value}}`));
    }
    for (const name of ['name', 'sub', 'acr', 'auth_time', 'unknown']) {
      const claims = `{"id_token":{"${name}":${value}},"userinfo":{"${name}":{"values":[${value}]}}}`;
      const page = newBrowser(frontdesk).visit(authorize(frontdesk, site, { claims }).url);
      await expectNoFault(`claims ${name}: ${value}`, page);
    }
  }
});

test('G08 strange members of a changed registration are no fault', async () => {
  const client = await registered(frontdesk);
  const { client_id: id, registration_client_uri: uri, registration_access_token: token } = client;
  for (const value of values) {
    for (const name of [
      'client_id',
      'client_name',
      'redirect_uris',
      'jwks',
      'contacts',
      'scope',
      'unknown',
      '__proto__',
    ]) {
      const body = `{"client_id":"${id}","redirect_uris":["${callback}"],"${name}":${value}}`;
      await expectNoFault(`${name}: ${value}`, send(uri, 'PUT', token, body));
    }
  }
});

test('G08 a person can sign in after all strange values', async () => {
  const form = await newBrowser(frontdesk).visit(authorize(frontdesk, site).url);
  expect((await signIn(form, 'ann')).location).toContain('code=');
});
