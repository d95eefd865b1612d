/** Requirements of README.md beside this file: B03 to B05, B09, B10, B12, B13. Codes, PKCE, requests and answers. */
import { ann, siteA, siteB, notesApi, type RegisteredApp } from '../support/people-and-apps.ts';
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
let known: Browser;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await notesApi(frontdesk);
  await ann(frontdesk);
  appA = await siteA(frontdesk);
  appB = await siteB(frontdesk);
  known = newBrowser(frontdesk);
  await codeFor(known, authorize(frontdesk, appA));
});

const grantOf = async (parameters = {}) => {
  const request = authorize(frontdesk, appA, parameters);
  return { request, code: await codeFor(known, request) };
};

test('B03 a code that is used twice revokes all its tokens', async () => {
  const { request, code } = await grantOf();
  const tokens = (await exchange(frontdesk, appA, { code, verifier: request.verifier })).json<Tokens>();
  const rotated = (await refresh(frontdesk, appA, tokens.refresh_token!)).json<Tokens>();
  const again = await exchange(frontdesk, appA, { code, verifier: request.verifier });
  expect(again.json()).toMatchObject({ error: 'invalid_grant' });
  for (const { access_token: token } of [tokens, rotated]) expect((await userinfo(frontdesk, token)).status).toBe(401);
  for (const token of [tokens, rotated])
    expect((await refresh(frontdesk, appA, token.refresh_token!)).status).toBe(400);
  const events = await runSql(frontdesk.db, "select from audit_events where kind = 'code.reused'");
  expect(events.length).toBeGreaterThan(0);
});

describe('B04', () => {
  test('an expired code is refused', async () => {
    const { request, code } = await grantOf();
    await runSql(
      frontdesk.db,
      `update artifacts set payload = payload || '{"exp": 1000}' where kind = 'AuthorizationCode'`,
    );
    const answer = await exchange(frontdesk, appA, { code, verifier: request.verifier });
    expect(answer.json()).toMatchObject({ error: 'invalid_grant' });
  });

  test('a code of another client is refused', async () => {
    const { request, code } = await grantOf();
    const answer = await exchange(frontdesk, appB, { code, verifier: request.verifier });
    expect(answer.json()).toMatchObject({ error: 'invalid_grant' });
  });

  test('a code with another redirect_uri is refused', async () => {
    const { request, code } = await grantOf();
    const other = { ...appA, redirectUri: 'http://site-a.localhost:9/' };
    expect((await exchange(frontdesk, other, { code, verifier: request.verifier })).json()).toMatchObject({
      error: 'invalid_grant',
    });
  });

  test('a wrong verifier does not use up the code', async () => {
    const { request, code } = await grantOf();
    expect((await exchange(frontdesk, appA, { code, verifier: randomText() })).status).toBe(400);
    expect((await exchange(frontdesk, appA, { code, verifier: request.verifier })).status).toBe(200);
  });
});

describe('B05 PKCE', () => {
  test.each([
    ['plain', { code_challenge_method: 'plain' }],
    ['a challenge without a method', { code_challenge_method: undefined }],
    ['a method without a challenge', { code_challenge: undefined }],
    ['a short challenge', { code_challenge: 'abc' }],
  ])('%s is refused for every client', async (_what, parameters) => {
    for (const each of [appA, appB]) {
      const answer = await known.send(authorize(frontdesk, each, parameters).url);
      expect(responseParameters(answer)).toMatchObject({ error: 'invalid_request', iss: frontdesk.issuer });
    }
  });

  test('a challenge without a verifier is refused', async () => {
    const { code } = await grantOf();
    const form = { grant_type: 'authorization_code', code, redirect_uri: appA.redirectUri };
    expect((await callAs(frontdesk, appA, '/oauth/token', form)).status).toBe(400);
  });
});

test('B09 every authorization response names its issuer, errors too', async () => {
  const stranger = newBrowser(frontdesk);
  for (const [browser, parameters] of [
    [known, {}],
    [stranger, { prompt: 'none' }],
    [known, { scope: 'openid phone' }],
    [known, { prompt: 'none login' }],
  ] as const) {
    expect(responseParameters(await browser.send(authorize(frontdesk, appA, parameters).url))['iss']).toBe(
      frontdesk.issuer,
    );
  }
});

test('B10 only the code flow is offered', async () => {
  const discovery = (await known.send(`${frontdesk.issuer}/.well-known/openid-configuration`)).json();
  expect(discovery['response_types_supported']).toEqual(['code']);
  expect(discovery['grant_types_supported']).not.toContain('implicit');
  expect(discovery['code_challenge_methods_supported']).toEqual(['S256']);
  for (const type of ['token', 'id_token', 'id_token token', 'code id_token', 'none']) {
    const answer = await known.send(authorize(frontdesk, appA, { response_type: type }).url);
    expect(answer.location ?? '').not.toMatch(/access_token|id_token=/);
    expect(`${answer.location}${answer.body}`).toMatch(/unsupported_response_type|invalid_request/);
  }
});

test('B12 a parameter that comes twice is an error', async () => {
  const { url } = authorize(frontdesk, appA, { prompt: 'none', max_age: '100', acr_values: 'aal1', login_hint: 'ann' });
  for (const name of new URL(url).searchParams.keys()) {
    const twice = new URL(url);
    twice.searchParams.append(name, twice.searchParams.get(name)!);
    const answer = await known.send(twice.href);
    expect([name, answer.location?.includes('code=') ?? false]).toEqual([name, false]);
    expect([name, `${answer.location}${answer.body}`]).toEqual([name, expect.stringMatching(/error=|Code invalid_/)]);
  }
  const { request, code } = await grantOf();
  const form: [string, string][] = [
    ['grant_type', 'authorization_code'],
    ['code', code],
    ['redirect_uri', appA.redirectUri],
    ['code_verifier', request.verifier],
  ];
  const headers = { authorization: `Basic ${Buffer.from(`${appA.id}:${appA.secret}`).toString('base64')}` };
  for (const field of form) {
    const answer = await sendRequest(`${frontdesk.issuer}/oauth/token`, { form: [...form, field], headers });
    expect([field[0], answer.status]).toEqual([field[0], 400]);
  }
  expect((await sendRequest(`${frontdesk.issuer}/oauth/token`, { form, headers })).status).toBe(200);
});

test('B13 an access token in a URL is refused', async () => {
  const { access_token: token } = await tokensFor(frontdesk, known, appA);
  const answer = await known.send(`${frontdesk.issuer}/oauth/userinfo?access_token=${token}`);
  expect(answer.status).toBe(400);
  expect(frontdesk.logged.join('')).not.toContain(token);
});
