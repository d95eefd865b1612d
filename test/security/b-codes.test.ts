/** security.md, part B: codes, redirect URIs, PKCE, what may be asked for. Each test is named by its number. */
import { decodeJwt } from 'jose';
import { app, ann, audience, notesApi, siteA, siteB, type RegisteredApp } from '../support/cast.ts';
import { statement } from '../support/database.ts';
import {
  answerIn,
  authorize,
  callAs,
  codeFor,
  exchange,
  newBrowser,
  randomText,
  refresh,
  signIn,
  tokensFor,
  userinfo,
  type Tokens,
} from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import type { Browser } from '../support/browser.ts';

let desk: Frontdesk;
let appA: RegisteredApp;
let appB: RegisteredApp;
let known: Browser;

beforeAll(async () => {
  desk = await startFrontdesk();
  await notesApi(desk);
  await ann(desk);
  appA = await siteA(desk, { apis: [{ audience, scopes: ['notes:read'] }] });
  appB = await siteB(desk);
  known = newBrowser(desk);
  await codeFor(known, authorize(desk, appA));
});
afterAll(() => desk.close());

const grantOf = async (parameters = {}) => {
  const request = authorize(desk, appA, parameters);
  return { request, code: await codeFor(known, request) };
};

describe('B01 a redirect URI that is not registered letter for letter', () => {
  const registered = 'http://site-a.localhost:9/callback';
  const variants = [
    'http://site-a.localhost:9/callback/',
    'http://site-a.localhost:9/callback?',
    'http://site-a.localhost:9/callback?x=1',
    'http://site-a.localhost:9/callback#',
    'http://site-a.localhost:9/callback#x',
    'http://site-a.localhost:9/Callback',
    'http://site-a.localhost:9/callbac',
    'http://site-a.localhost:9/callback2',
    'http://site-a.localhost:9/callback/x',
    'http://site-a.localhost:9//callback',
    'http://site-a.localhost:9/./callback',
    'http://site-a.localhost:9/x/../callback',
    'http://site-a.localhost:9/%2e/callback',
    'http://site-a.localhost:9/%2e%2e/callback',
    'http://site-a.localhost:9/callback%2f',
    'http://site-a.localhost:9/callback%00',
    'http://site-a.localhost:9/callback%20',
    'http://site-a.localhost:9/callback ',
    ' http://site-a.localhost:9/callback',
    'http://site-a.localhost:9/call%62ack',
    'http://site-a.localhost:9/callback%2523',
    'http://site-a.localhost:9\\callback',
    'http://site-a.localhost:9/callback\\',
    'http://site-a.localhost:9/callback;x',
    'http://site-a.localhost:9/callback:x',
    'http://site-a.localhost/callback',
    'http://site-a.localhost:8/callback',
    'http://site-a.localhost:90/callback',
    'http://site-a.localhost.:9/callback',
    'http://SITE-A.localhost:9/callback',
    'HTTP://site-a.localhost:9/callback',
    'https://site-a.localhost:9/callback',
    'http://x@site-a.localhost:9/callback',
    'http://site-a.localhost:9@evil.example/callback',
    'http://evil.example/site-a.localhost:9/callback',
    'http://evil.example#site-a.localhost:9/callback',
    'http://evil.example?site-a.localhost:9/callback',
    'http://site-a.localhost.evil.example:9/callback',
    'http://evilsite-a.localhost:9/callback',
    'http://x.site-a.localhost:9/callback',
    '//site-a.localhost:9/callback',
    '/callback',
    'javascript:alert(1)',
    'data:text/html,x',
  ];

  test.each(['query', 'fragment', 'form_post'])(
    'gets an error page and no Location (response_mode %s)',
    async (mode) => {
      for (const variant of variants) {
        const { url } = authorize(desk, { ...appA, redirectUri: variant }, { response_mode: mode });
        const answer = await known.ask(url);
        expect([variant, answer.status, answer.location]).toEqual([variant, 400, undefined]);
        expect(answer.body).toContain('We do not know the way back');
        expect(answer.body).not.toContain('name="code"');
      }
      expect(variants.length).toBeGreaterThanOrEqual(40);
      const right = await known.ask(authorize(desk, { ...appA, redirectUri: registered }).url);
      expect(right.location).toMatch(/^http:\/\/site-a\.localhost:9\/callback\?code=/);
    },
  );
});

test('B03 a code used twice ends everything that came of it', async () => {
  const { request, code } = await grantOf();
  const tokens = (await exchange(desk, appA, { code, verifier: request.verifier })).json<Tokens>();
  const rotated = (await refresh(desk, appA, tokens.refresh_token!)).json<Tokens>();
  const again = await exchange(desk, appA, { code, verifier: request.verifier });
  expect(again.json()).toMatchObject({ error: 'invalid_grant' });
  for (const { access_token: token } of [tokens, rotated]) expect((await userinfo(desk, token)).status).toBe(401);
  for (const token of [tokens, rotated]) expect((await refresh(desk, appA, token.refresh_token!)).status).toBe(400);
  const events = await desk.db.read(statement("select from audit_events where kind = 'code.reused'"));
  expect(events.length).toBeGreaterThan(0);
});

describe('B04', () => {
  test('an expired code is refused', async () => {
    const { request, code } = await grantOf();
    await desk.db.read(
      statement(`update artifacts set payload = payload || '{"exp": 1000}' where kind = 'AuthorizationCode'`),
    );
    const answer = await exchange(desk, appA, { code, verifier: request.verifier });
    expect(answer.json()).toMatchObject({ error: 'invalid_grant' });
  });

  test('a code of another client is refused', async () => {
    const { request, code } = await grantOf();
    const answer = await exchange(desk, appB, { code, verifier: request.verifier });
    expect(answer.json()).toMatchObject({ error: 'invalid_grant' });
  });

  test('a code with another redirect_uri is refused', async () => {
    const { request, code } = await grantOf();
    const other = { ...appA, redirectUri: 'http://site-a.localhost:9/' };
    expect((await exchange(desk, other, { code, verifier: request.verifier })).json()).toMatchObject({
      error: 'invalid_grant',
    });
  });

  test('a wrong verifier does not burn the code', async () => {
    const { request, code } = await grantOf();
    expect((await exchange(desk, appA, { code, verifier: randomText() })).status).toBe(400);
    expect((await exchange(desk, appA, { code, verifier: request.verifier })).status).toBe(200);
  });
});

describe('B05 PKCE', () => {
  test.each([
    ['no challenge', { code_challenge: undefined, code_challenge_method: undefined }],
    ['plain', { code_challenge_method: 'plain' }],
    ['a challenge without a method', { code_challenge_method: undefined }],
    ['a method without a challenge', { code_challenge: undefined }],
    ['a short challenge', { code_challenge: 'abc' }],
  ])('%s is refused for every client', async (_what, parameters) => {
    for (const each of [appA, appB]) {
      const answer = await known.ask(authorize(desk, each, parameters).url);
      expect(answerIn(answer)).toMatchObject({ error: 'invalid_request', iss: desk.issuer });
    }
  });

  test('a challenge without a verifier is refused', async () => {
    const { code } = await grantOf();
    const form = { grant_type: 'authorization_code', code, redirect_uri: appA.redirectUri };
    expect((await callAs(desk, appA, '/oauth/token', form)).status).toBe(400);
  });
});

test('B07 a refresh token of another client, or without one, is refused', async () => {
  const { refresh_token: token } = await tokensFor(desk, known, appA);
  expect((await refresh(desk, appB, token!)).json()).toMatchObject({ error: 'invalid_grant' });
  const nobody = { id: 'site-a', secret: undefined, redirectUri: appA.redirectUri };
  expect((await refresh(desk, nobody, token!)).status).toBe(401);
  expect((await refresh(desk, { ...appA, secret: 'wrong' }, token!)).status).toBe(401);
  expect((await refresh(desk, appA, token!)).status).toBe(200);
});

test('B09 every authorization response names its issuer, errors too', async () => {
  const stranger = newBrowser(desk);
  for (const [browser, parameters] of [
    [known, {}],
    [stranger, { prompt: 'none' }],
    [known, { scope: 'openid phone' }],
    [known, { prompt: 'none login' }],
  ] as const) {
    expect(answerIn(await browser.ask(authorize(desk, appA, parameters).url))['iss']).toBe(desk.issuer);
  }
});

test('B10 only the code flow is offered', async () => {
  const discovery = (await known.ask(`${desk.issuer}/.well-known/openid-configuration`)).json();
  expect(discovery['response_types_supported']).toEqual(['code']);
  expect(discovery['grant_types_supported']).not.toContain('implicit');
  expect(discovery['code_challenge_methods_supported']).toEqual(['S256']);
  for (const type of ['token', 'id_token', 'id_token token', 'code id_token', 'none']) {
    const answer = await known.ask(authorize(desk, appA, { response_type: type }).url);
    expect(answer.location ?? '').not.toMatch(/access_token|id_token=/);
    expect(`${answer.location}${answer.body}`).toMatch(/unsupported_response_type|invalid_request/);
  }
});

test('B12 a parameter that comes twice is an error', async () => {
  const { url } = authorize(desk, appA, { prompt: 'none', max_age: '100', acr_values: 'aal1', login_hint: 'ann' });
  for (const name of new URL(url).searchParams.keys()) {
    const twice = new URL(url);
    twice.searchParams.append(name, twice.searchParams.get(name)!);
    const answer = await known.ask(twice.href);
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
  const { ask } = await import('../support/browser.ts');
  const headers = { authorization: `Basic ${Buffer.from(`${appA.id}:${appA.secret}`).toString('base64')}` };
  for (const field of form) {
    const answer = await ask(`${desk.issuer}/oauth/token`, { form: [...form, field], headers });
    expect([field[0], answer.status]).toEqual([field[0], 400]);
  }
  expect((await ask(`${desk.issuer}/oauth/token`, { form, headers })).status).toBe(200);
});

test('B13 a token in an address is refused', async () => {
  const { access_token: token } = await tokensFor(desk, known, appA);
  const answer = await known.ask(`${desk.issuer}/oauth/userinfo?access_token=${token}`);
  expect(answer.status).toBe(400);
  expect(desk.logged.join('')).not.toContain(token);
});

describe('B14 more than the client may have is refused', () => {
  test('a scope that is not registered for it', async () => {
    expect(answerIn(await known.ask(authorize(desk, appA, { scope: 'openid phone' }).url))).toMatchObject({
      error: 'invalid_scope',
    });
  });
  test('a scope of an API that it may not have', async () => {
    const parameters = { scope: 'openid notes:write', resource: audience };
    expect(answerIn(await known.ask(authorize(desk, appA, parameters).url))).toMatchObject({ error: 'invalid_scope' });
  });
  test('an API that it may not have, or that is none', async () => {
    for (const resource of ['https://other.example/', 'nonsense', `${audience}#x`]) {
      const answer = await known.ask(authorize(desk, appA, { resource }).url);
      expect(answerIn(answer)).toMatchObject({ error: 'invalid_target' });
    }
  });
  test('on refresh', async () => {
    const tokens = await tokensFor(desk, known, appA, { scope: 'openid email' });
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token!, scope: 'openid email profile' };
    expect((await callAs(desk, appA, '/oauth/token', form)).json()).toMatchObject({ error: 'invalid_scope' });
    const narrow = { ...form, scope: 'openid' };
    expect((await callAs(desk, appA, '/oauth/token', narrow)).json()).toMatchObject({ scope: 'openid' });
  });
  test('for a machine', async () => {
    const machine = await app(desk, { id: 'machine', kind: 'machine', apis: [{ audience, scopes: ['notes:read'] }] });
    const ask = (form: object) =>
      callAs(desk, machine, '/oauth/token', { grant_type: 'client_credentials', resource: audience, ...form });
    expect((await ask({ scope: 'notes:write' })).json()).toMatchObject({ error: 'invalid_scope' });
    const pass = (await ask({ scope: 'notes:read' })).json<Tokens>();
    expect(decodeJwt(pass.access_token)).toMatchObject({ sub: 'machine', scope: 'notes:read', aud: audience });
    expect((await ask({ resource: 'https://other.example/' })).json()).toMatchObject({ error: 'invalid_target' });
  });
});

describe('B15 the consent page is shown', () => {
  const asks = async (browser: Browser, parameters: object, of = appB) => {
    const page = await browser.visit(authorize(desk, of, parameters as Record<string, string>).url);
    return page.root.querySelector('.permissions') !== null;
  };
  const allowed = async () => {
    const browser = newBrowser(desk);
    await codeFor(browser, authorize(desk, appA));
    const page = await browser.visit(authorize(desk, appB, { scope: 'openid email' }).url);
    if (page.status === 200) await page.submit();
    return browser;
  };

  test('for a new scope, and for prompt=consent', async () => {
    const browser = await allowed();
    expect(await asks(browser, { scope: 'openid email' })).toBe(false);
    expect(await asks(browser, { scope: 'openid email profile' })).toBe(true);
    expect(await asks(browser, { scope: 'openid email', prompt: 'consent' })).toBe(true);
  });

  test('for another host to go back to, in a new session', async () => {
    const redirectUris = ['http://one.localhost:9/cb', 'http://two.localhost:9/cb'];
    const moved = await app(desk, { id: 'moved', redirectUris });
    const browser = newBrowser(desk);
    await codeFor(browser, authorize(desk, moved));
    const later = newBrowser(desk);
    await codeFor(later, authorize(desk, appA));
    expect(await asks(later, {}, { ...moved, redirectUri: redirectUris[1]! })).toBe(true);
    expect(await asks(later, {}, moved)).toBe(false);
  });

  test('in every session for a client that registered itself', async () => {
    const self = await app(desk, { id: 'self' });
    await desk.db.read(statement("update clients set is_self_registered = true where id = 'self'"));
    for (let round = 0; round < 2; round += 1) {
      const browser = newBrowser(desk);
      await codeFor(browser, authorize(desk, appA));
      expect(await asks(browser, {}, self)).toBe(true);
      await codeFor(browser, authorize(desk, self));
      expect(await asks(browser, {}, self)).toBe(false);
    }
  });

  test('and what is posted beyond the question is ignored', async () => {
    const fresh = await app(desk, { id: 'fresh' });
    const browser = newBrowser(desk);
    await codeFor(browser, authorize(desk, appA));
    const request = authorize(desk, fresh, { scope: 'openid' });
    const page = await browser.visit(request.url);
    const back = await page.submit({ scope: 'openid email profile', scopes: 'email', claims: 'email' });
    const tokens = (
      await exchange(desk, fresh, { code: answerIn(back)['code']!, verifier: request.verifier })
    ).json<Tokens>();
    expect((await userinfo(desk, tokens.access_token)).json()).toEqual({ sub: expect.any(String) });
    expect(await asks(browser, { scope: 'openid email' }, fresh)).toBe(true);
  });
});

describe('B16', () => {
  test('prompt=none without a session is login_required', async () => {
    const answer = await newBrowser(desk).ask(authorize(desk, appA, { prompt: 'none' }).url);
    expect(answerIn(answer)).toMatchObject({ error: 'login_required' });
  });

  test('max_age is honoured, and auth_time tells the truth', async () => {
    const browser = newBrowser(desk);
    await codeFor(browser, authorize(desk, appA));
    await desk.db.read(statement("update sessions set signed_in_at = signed_in_at - interval '1 hour'"));
    const request = authorize(desk, appA, { max_age: '60' });
    const old = decodeJwt((await tokensFor(desk, browser, appA)).id_token!);
    expect(Number(old['auth_time'])).toBeLessThan(Date.now() / 1000 - 3500);
    const none = await browser.ask(authorize(desk, appA, { max_age: '60', prompt: 'none' }).url);
    expect(answerIn(none)).toMatchObject({ error: 'login_required' });
    const form = await browser.visit(request.url);
    const back = await signIn(form, 'ann');
    const fresh = await exchange(desk, appA, { code: answerIn(back)['code']!, verifier: request.verifier });
    const claims = decodeJwt(fresh.json<Tokens>().id_token!);
    expect(Number(claims['auth_time'])).toBeGreaterThan(Date.now() / 1000 - 60);
    expect(claims).toMatchObject({ amr: ['pwd'], acr: 'aal1' });
  });

  test('a re-sign-in that is cancelled gives no code', async () => {
    const browser = newBrowser(desk);
    await codeFor(browser, authorize(desk, appA));
    const form = await browser.visit(authorize(desk, appA, { prompt: 'login' }).url);
    const back = await form.submit({}, { button: '[data-action=cancel]' });
    expect(answerIn(back)).toMatchObject({ error: 'access_denied' });
    expect(answerIn(back)['code']).toBeUndefined();
  });
});
