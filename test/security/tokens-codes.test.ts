/** Requirements of README.md beside this file: B03 to B05, B09, B10, B12, B13. Tests authorization codes, PKCE, and the parameters of authorization requests and responses. */
import { ann, audience, siteA, siteB, notesApi, type RegisteredApp } from '../support/people-and-apps.ts';
import { runSql } from '../support/database.ts';
import {
  responseParameters,
  authorize,
  callAs,
  codeFor,
  exchange,
  newBrowser,
  randomText,
  refresh,
  tokensFor,
  userinfo,
  type Tokens,
} from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { sendRequest, type Browser } from '../support/browser.ts';

let frontdesk: Frontdesk;
let appA: RegisteredApp;
let appB: RegisteredApp;
let signedInBrowser: Browser;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await notesApi(frontdesk);
  await ann(frontdesk);
  appA = await siteA(frontdesk);
  appB = await siteB(frontdesk);
  signedInBrowser = newBrowser(frontdesk);
  await codeFor(signedInBrowser, authorize(frontdesk, appA));
});

const requestCode = async (parameters = {}) => {
  const request = authorize(frontdesk, appA, parameters);
  return { request, code: await codeFor(signedInBrowser, request) };
};

test('B03 a code that is used twice revokes all its tokens', async () => {
  const { request, code } = await requestCode();
  const tokens = (await exchange(frontdesk, appA, { code, verifier: request.verifier })).json<Tokens>();
  const rotated = (await refresh(frontdesk, appA, tokens.refresh_token!)).json<Tokens>();
  const secondExchange = await exchange(frontdesk, appA, { code, verifier: request.verifier });
  expect(secondExchange.json()).toMatchObject({ error: 'invalid_grant' });
  for (const { access_token: token } of [tokens, rotated]) expect((await userinfo(frontdesk, token)).status).toBe(401);
  for (const token of [tokens, rotated])
    expect((await refresh(frontdesk, appA, token.refresh_token!)).status).toBe(400);
  const events = await runSql(frontdesk.db, "select from audit_events where kind = 'code.reused'");
  expect(events.length).toBeGreaterThan(0);
});

describe('B04', () => {
  test('an expired code is refused', async () => {
    const { request, code } = await requestCode();
    await runSql(
      frontdesk.db,
      `update artifacts set payload = payload || '{"exp": 1000}' where kind = 'AuthorizationCode'`,
    );
    const response = await exchange(frontdesk, appA, { code, verifier: request.verifier });
    expect(response.json()).toMatchObject({ error: 'invalid_grant' });
  });

  test('a code of another client is refused', async () => {
    const { request, code } = await requestCode();
    const response = await exchange(frontdesk, appB, { code, verifier: request.verifier });
    expect(response.json()).toMatchObject({ error: 'invalid_grant' });
  });

  test('a code with another redirect_uri is refused', async () => {
    const { request, code } = await requestCode();
    const otherRedirectUri = { ...appA, redirectUri: 'http://site-a.localhost:9/' };
    expect((await exchange(frontdesk, otherRedirectUri, { code, verifier: request.verifier })).json()).toMatchObject({
      error: 'invalid_grant',
    });
  });

  test('a wrong verifier does not consume the code', async () => {
    const { request, code } = await requestCode();
    expect((await exchange(frontdesk, appA, { code, verifier: randomText() })).status).toBe(400);
    expect((await exchange(frontdesk, appA, { code, verifier: request.verifier })).status).toBe(200);
  });

  test('an exchange that is refused because of its resource parameter consumes the code', async () => {
    const { request, code } = await requestCode();
    const form = { code, code_verifier: request.verifier, redirect_uri: appA.redirectUri, resource: audience };
    const refused = await callAs(frontdesk, appA, '/oauth/token', { grant_type: 'authorization_code', ...form });
    expect(refused.json()).toMatchObject({ error: 'invalid_target' });
    const repeated = await exchange(frontdesk, appA, { code, verifier: request.verifier });
    expect(repeated.json()).toMatchObject({ error: 'invalid_grant' });
  });
});

describe('B05 PKCE', () => {
  test.each([
    ['plain', { code_challenge_method: 'plain' }],
    ['a challenge without a method', { code_challenge_method: undefined }],
    ['a method without a challenge', { code_challenge: undefined }],
    ['a short challenge', { code_challenge: 'abc' }],
  ])('%s is refused for every client', async (_what, parameters) => {
    for (const client of [appA, appB]) {
      const response = await signedInBrowser.send(authorize(frontdesk, client, parameters).url);
      expect(responseParameters(response)).toMatchObject({ error: 'invalid_request', iss: frontdesk.issuer });
    }
  });

  test('a token request without the verifier of its challenge is refused', async () => {
    const { code } = await requestCode();
    const form = { grant_type: 'authorization_code', code, redirect_uri: appA.redirectUri };
    expect((await callAs(frontdesk, appA, '/oauth/token', form)).status).toBe(400);
  });
});

test('B09 every authorization response names its issuer, also an error response', async () => {
  const anonymousBrowser = newBrowser(frontdesk);
  for (const [browser, parameters] of [
    [signedInBrowser, {}],
    [anonymousBrowser, { prompt: 'none' }],
    [signedInBrowser, { scope: 'openid phone' }],
    [signedInBrowser, { prompt: 'none login' }],
  ] as const) {
    expect(responseParameters(await browser.send(authorize(frontdesk, appA, parameters).url))['iss']).toBe(
      frontdesk.issuer,
    );
  }
});

test('B10 only the code flow is offered', async () => {
  const discovery = (await signedInBrowser.send(`${frontdesk.issuer}/.well-known/openid-configuration`)).json();
  expect(discovery['response_types_supported']).toEqual(['code']);
  expect(discovery['grant_types_supported']).not.toContain('implicit');
  expect(discovery['code_challenge_methods_supported']).toEqual(['S256']);
  for (const type of ['token', 'id_token', 'id_token token', 'code id_token', 'none']) {
    const response = await signedInBrowser.send(authorize(frontdesk, appA, { response_type: type }).url);
    expect(response.location ?? '').not.toMatch(/access_token|id_token=/);
    expect(`${response.location}${response.body}`).toMatch(/unsupported_response_type|invalid_request/);
  }
});

test('B12 a request with a repeated parameter is refused', async () => {
  const { url } = authorize(frontdesk, appA, { prompt: 'none', max_age: '100', acr_values: 'aal1', login_hint: 'ann' });
  for (const name of new URL(url).searchParams.keys()) {
    const twice = new URL(url);
    twice.searchParams.append(name, twice.searchParams.get(name)!);
    const response = await signedInBrowser.send(twice.href);
    expect([name, response.location?.includes('code=') ?? false]).toEqual([name, false]);
    expect([name, `${response.location}${response.body}`]).toEqual([
      name,
      expect.stringMatching(/error=|Code invalid_/),
    ]);
  }
  const { request, code } = await requestCode();
  const form: [string, string][] = [
    ['grant_type', 'authorization_code'],
    ['code', code],
    ['redirect_uri', appA.redirectUri],
    ['code_verifier', request.verifier],
  ];
  const headers = { authorization: `Basic ${Buffer.from(`${appA.id}:${appA.secret}`).toString('base64')}` };
  for (const field of form) {
    const response = await sendRequest(`${frontdesk.issuer}/oauth/token`, { form: [...form, field], headers });
    expect([field[0], response.status]).toEqual([field[0], 400]);
  }
  expect((await sendRequest(`${frontdesk.issuer}/oauth/token`, { form, headers })).status).toBe(200);
});

test('B13 an access token in a URL is refused', async () => {
  const { access_token: token } = await tokensFor(frontdesk, signedInBrowser, appA);
  const response = await signedInBrowser.send(`${frontdesk.issuer}/oauth/userinfo?access_token=${token}`);
  expect(response.status).toBe(400);
  expect(frontdesk.logged.join('')).not.toContain(token);
});
