/** Requirement of README.md beside this file: G08. Tests that no malformed text, cookie or header causes a server error. */
import { sendRequest, type HttpResponse } from '../support/browser.ts';
import { authorize, newBrowser, tokensFor } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { ann, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { registrationToken, withRegistration } from '../support/registration.ts';

let frontdesk: Frontdesk;
let site: RegisteredApp;
/** The Cookie header of a person who is signed in. */
let cookie: string;

beforeAll(async () => {
  frontdesk = await startFrontdesk({ settings: { ...withRegistration, RATE_LIMIT_FACTOR: '1000' } });
  await ann(frontdesk);
  site = await siteA(frontdesk);
  const browser = newBrowser(frontdesk);
  await tokensFor(frontdesk, browser, site);
  await browser.visit(`${frontdesk.issuer}/account`);
  cookie = await browser.jar.getCookieString(frontdesk.issuer);
});

/** Percent-encoded U+0000, a lone surrogate, invalid UTF-8, invalid and double escapes, invisible characters, a noncharacter, a long text. */
const malformedValues = [
  'a%00b',
  '%ED%A0%80',
  '%FF%FE',
  '%',
  '%2500',
  '%E2%80%8B%EF%BB%BF',
  '%F4%8F%BF%BF',
  'x'.repeat(3_000),
];

async function expectNoServerError(description: string, request: Promise<HttpResponse>): Promise<void> {
  const { status } = await request;
  const errors = frontdesk.logged.filter((line) => /"level":"(error|fatal)"/.test(line));
  expect([description, status < 500, errors]).toEqual([description, true, []]);
}

const send = (path: string, options: { method?: string; form?: string; headers?: Record<string, string> } = {}) =>
  sendRequest(`${frontdesk.issuer}${path}`, options);

const authorizationParameters =
  'client_id redirect_uri response_type response_mode scope state nonce prompt max_age login_hint id_token_hint ui_locales acr_values claims resource display request request_uri code_challenge code_challenge_method unknown';

test.each(authorizationParameters.split(' '))(
  'G08 a malformed %s in an authorization request causes no server error',
  async (name) => {
    for (const value of malformedValues) {
      const validParameters = new URL(authorize(frontdesk, site).url);
      validParameters.searchParams.delete(name);
      const query = `${validParameters.search.slice(1)}&${name}=${value}`;
      await expectNoServerError(`${name}=${value}`, send(`/oauth/authorize?${query}`));
      await expectNoServerError(`${name}=${value} posted`, send('/oauth/authorize', { form: query }));
      await expectNoServerError(
        `${name}[]=${value}`,
        send(`/oauth/authorize?${validParameters.search.slice(1)}&${name}[]=${value}&${name}=1`),
      );
    }
  },
);

const tokenParameters =
  'client_id client_secret client_assertion client_assertion_type grant_type code code_verifier redirect_uri refresh_token scope resource token token_type_hint access_token';

test.each(tokenParameters.split(' '))(
  'G08 a malformed %s in a request of a client causes no server error',
  async (name) => {
    const validParameters = { client_id: site.id, client_secret: site.secret!, redirect_uri: site.redirectUri };
    const kinds = [
      { grant_type: 'authorization_code', code: 'x', code_verifier: 'x'.repeat(43) },
      { grant_type: 'refresh_token', refresh_token: 'x' },
    ];
    for (const value of malformedValues) {
      for (const path of ['/oauth/token', '/oauth/introspect', '/oauth/revoke', '/oauth/userinfo']) {
        for (const kind of kinds) {
          const fields = new URLSearchParams({ ...validParameters, ...kind, token: 'x' });
          fields.delete(name);
          await expectNoServerError(
            `${path} ${name}=${value}`,
            send(path, { form: `${fields.toString()}&${name}=${value}` }),
          );
        }
      }
    }
  },
);

test.each([
  '/oauth/logout',
  '/oauth/logout/success',
  '/account',
  '/account/activity',
  '/account/devices',
  '/account/apps',
])('G08 a malformed query of %s causes no server error', async (path) => {
  const names = ['client_id', 'id_token_hint', 'post_logout_redirect_uri', 'state', 'before', 'after', 'code', 'iss'];
  for (const value of malformedValues) {
    for (const name of names) {
      await expectNoServerError(`${path}?${name}=${value}`, send(`${path}?${name}=${value}`, { headers: { cookie } }));
    }
  }
});

test('G08 a malformed path segment causes no server error', async () => {
  const paths = [
    '/interaction/',
    '/sign-out/receipt/',
    '/account/sign-ins/',
    '/assets/',
    '/oauth/authorize/',
    '/oauth/register/',
    '/',
  ];
  for (const value of malformedValues) {
    for (const path of paths) {
      for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS']) {
        await expectNoServerError(
          `${method} ${path}${value}`,
          send(`${path}${value}`, { method, headers: { cookie } }),
        );
      }
    }
  }
});

test('G08 malformed cookies cause no server error', async () => {
  const names = cookie.split('; ').map((pair) => pair.slice(0, pair.indexOf('=')));
  for (const value of [...malformedValues, '', '=', '"', ';', '\u00ff', '{}', 'x.y.z']) {
    for (const name of [...names, 'fd_session.sig', '__proto__', 'fd_csrf', 'fd_pending_x']) {
      const headers = { cookie: `${cookie}; ${name}=${value}` };
      await expectNoServerError(`${name}=${value}`, send('/account', { headers }));
      await expectNoServerError(
        `${name}=${value}`,
        send(authorize(frontdesk, site).url.slice(frontdesk.issuer.length), { headers }),
      );
      await expectNoServerError(
        `${name}=${value} alone`,
        send('/account', { headers: { cookie: `${name}=${value}` } }),
      );
    }
  }
});

test('G08 malformed headers cause no server error', async () => {
  const texts = [
    '\u00ff\u00fe',
    'x'.repeat(3_000),
    '""',
    'a, b, c',
    '%00',
    '{}',
    'Basic',
    'Basic !',
    'Bearer',
    'Bearer ,',
    ':',
  ];
  const credentials = ['a\0b:c', 'a:\0', ':', 'a', '%:%', '%00:%00', '\ud800:x'].map((text) =>
    Buffer.from(text).toString('base64'),
  );
  const names = [
    'accept',
    'accept-language',
    'authorization',
    'content-type',
    'dpop',
    'forwarded',
    'origin',
    'referer',
    'sec-fetch-mode',
    'user-agent',
    'x-forwarded-for',
    'x-request-id',
  ];
  for (const name of names) {
    for (const value of [
      ...texts,
      ...credentials.map((each) => `Basic ${each}`),
      ...credentials.map((each) => `Bearer ${each}`),
    ]) {
      for (const path of ['/oauth/token', '/oauth/userinfo', '/oauth/introspect']) {
        await expectNoServerError(
          `${path} ${name}: ${value}`,
          send(path, { form: 'grant_type=client_credentials', headers: { [name]: value } }),
        );
      }
      await expectNoServerError(`${name}: ${value}`, send('/account', { headers: { cookie, [name]: value } }));
    }
  }
});

test('G08 malformed members of a registration cause no server error', async () => {
  const authorization = `Bearer ${await registrationToken(frontdesk)}`;
  const values = [
    '"a\\u0000b"',
    '"\\ud800"',
    'null',
    '1e999',
    '{}',
    '[[]]',
    '["\\u0000"]',
    '{"__proto__":1}',
    '"%00"',
    '-1',
  ];
  const names = [
    'client_name',
    'redirect_uris',
    'jwks',
    'jwks_uri',
    'contacts',
    'scope',
    'grant_types',
    'software_statement',
    'default_max_age',
    'client_uri',
    'backchannel_logout_uri',
    '__proto__',
  ];
  for (const value of values) {
    for (const name of names) {
      const body = `{"redirect_uris":["https://rp.example/"],"${name}":${value}}`;
      const headers = { authorization, 'content-type': 'application/json' };
      await expectNoServerError(`${name}: ${value}`, send('/oauth/register', { method: 'POST', form: body, headers }));
    }
  }
  for (const body of ['', '[', '"', '[]', 'null', '\0', '{"a":1,}', '['.repeat(2_000)]) {
    const headers = { authorization, 'content-type': 'application/json' };
    await expectNoServerError(body.slice(0, 20), send('/oauth/register', { method: 'POST', form: body, headers }));
  }
});
