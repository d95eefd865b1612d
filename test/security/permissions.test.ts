/** security.md, part B: what apps may ask for, and when the person is asked. Each test is named by its number. */
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
  signIn,
  tokensFor,
  userinfo,
  type Tokens,
} from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import type { Browser } from '../support/browser.ts';

let frontdesk: Frontdesk;
let appA: RegisteredApp;
let appB: RegisteredApp;
let known: Browser;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await notesApi(frontdesk);
  await ann(frontdesk);
  appA = await siteA(frontdesk, { apis: [{ audience, scopes: ['notes:read'] }] });
  appB = await siteB(frontdesk);
  known = newBrowser(frontdesk);
  await codeFor(known, authorize(frontdesk, appA));
});
afterAll(() => frontdesk.close());

describe('B14 more than the client may have is refused', () => {
  test('a scope that is not registered for it is left out, and the token response says so', async () => {
    const { scope } = await tokensFor(frontdesk, known, appA, { scope: 'openid phone email' });
    expect(scope).toBe('openid email');
  });
  test('a scope of an API that it may not have', async () => {
    const parameters = { scope: 'openid notes:write', resource: audience };
    expect(answerIn(await known.ask(authorize(frontdesk, appA, parameters).url))).toMatchObject({
      error: 'invalid_scope',
    });
  });
  test('an API that it may not have, or that is none', async () => {
    for (const resource of ['https://other.example/', 'nonsense', `${audience}#x`]) {
      const answer = await known.ask(authorize(frontdesk, appA, { resource }).url);
      expect(answerIn(answer)).toMatchObject({ error: 'invalid_target' });
    }
  });
  test('on refresh', async () => {
    const tokens = await tokensFor(frontdesk, known, appA, { scope: 'openid email' });
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token!, scope: 'openid email profile' };
    expect((await callAs(frontdesk, appA, '/oauth/token', form)).json()).toMatchObject({ error: 'invalid_scope' });
    const narrow = { ...form, scope: 'openid' };
    expect((await callAs(frontdesk, appA, '/oauth/token', narrow)).json()).toMatchObject({ scope: 'openid' });
  });
  test('for a machine', async () => {
    const machine = await app(frontdesk, {
      id: 'machine',
      kind: 'machine',
      apis: [{ audience, scopes: ['notes:read'] }],
    });
    const ask = (form: object) =>
      callAs(frontdesk, machine, '/oauth/token', { grant_type: 'client_credentials', resource: audience, ...form });
    expect((await ask({ scope: 'notes:write' })).json()).toMatchObject({ error: 'invalid_scope' });
    const pass = (await ask({ scope: 'notes:read' })).json<Tokens>();
    expect(decodeJwt(pass.access_token)).toMatchObject({ sub: 'machine', scope: 'notes:read', aud: audience });
    expect((await ask({ resource: 'https://other.example/' })).json()).toMatchObject({ error: 'invalid_target' });
  });
});

describe('B15 the consent page is shown', () => {
  const asks = async (browser: Browser, parameters: object, of = appB) => {
    const page = await browser.visit(authorize(frontdesk, of, parameters as Record<string, string>).url);
    return page.root.querySelector('.permissions') !== null;
  };
  const allowed = async () => {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, appA));
    const page = await browser.visit(authorize(frontdesk, appB, { scope: 'openid email' }).url);
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
    const moved = await app(frontdesk, { id: 'moved', redirectUris });
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, moved));
    const later = newBrowser(frontdesk);
    await codeFor(later, authorize(frontdesk, appA));
    expect(await asks(later, {}, { ...moved, redirectUri: redirectUris[1]! })).toBe(true);
    expect(await asks(later, {}, moved)).toBe(false);
  });

  test('in every session for a client that registered itself', async () => {
    const self = await app(frontdesk, { id: 'self' });
    await frontdesk.db.read(statement("update clients set is_self_registered = true where id = 'self'"));
    for (let round = 0; round < 2; round += 1) {
      const browser = newBrowser(frontdesk);
      await codeFor(browser, authorize(frontdesk, appA));
      expect(await asks(browser, {}, self)).toBe(true);
      await codeFor(browser, authorize(frontdesk, self));
      expect(await asks(browser, {}, self)).toBe(false);
    }
  });

  test('and what is posted beyond the question is ignored', async () => {
    const fresh = await app(frontdesk, { id: 'fresh' });
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, appA));
    const request = authorize(frontdesk, fresh, { scope: 'openid' });
    const page = await browser.visit(request.url);
    const back = await page.submit({ scope: 'openid email profile', scopes: 'email', claims: 'email' });
    const tokens = (
      await exchange(frontdesk, fresh, { code: answerIn(back)['code']!, verifier: request.verifier })
    ).json<Tokens>();
    expect((await userinfo(frontdesk, tokens.access_token)).json()).toEqual({ sub: expect.any(String) });
    expect(await asks(browser, { scope: 'openid email' }, fresh)).toBe(true);
  });
});

describe('B16', () => {
  test('prompt=none without a session is login_required', async () => {
    const answer = await newBrowser(frontdesk).ask(authorize(frontdesk, appA, { prompt: 'none' }).url);
    expect(answerIn(answer)).toMatchObject({ error: 'login_required' });
  });

  test('max_age is honoured, and auth_time tells the truth', async () => {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, appA));
    await frontdesk.db.read(statement("update sessions set signed_in_at = signed_in_at - interval '1 hour'"));
    const request = authorize(frontdesk, appA, { max_age: '60' });
    const old = decodeJwt((await tokensFor(frontdesk, browser, appA)).id_token!);
    expect(Number(old['auth_time'])).toBeLessThan(Date.now() / 1000 - 3500);
    const none = await browser.ask(authorize(frontdesk, appA, { max_age: '60', prompt: 'none' }).url);
    expect(answerIn(none)).toMatchObject({ error: 'login_required' });
    const form = await browser.visit(request.url);
    const back = await signIn(form, 'ann');
    const fresh = await exchange(frontdesk, appA, { code: answerIn(back)['code']!, verifier: request.verifier });
    const claims = decodeJwt(fresh.json<Tokens>().id_token!);
    expect(Number(claims['auth_time'])).toBeGreaterThan(Date.now() / 1000 - 60);
    expect(claims).toMatchObject({ amr: ['pwd'], acr: 'aal1' });
  });

  test('a re-sign-in that is cancelled gives no code', async () => {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, appA));
    const form = await browser.visit(authorize(frontdesk, appA, { prompt: 'login' }).url);
    const back = await form.submit({}, { button: '[data-action=cancel]' });
    expect(answerIn(back)).toMatchObject({ error: 'access_denied' });
    expect(answerIn(back)['code']).toBeUndefined();
  });
});
