/** Signing out at the request of an app (OpenID Connect RP-Initiated Logout 1.0): what is asked, and what never happens. */
import { ann, app, ben, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { runSql } from '../support/database.ts';
import { authorize, codeFor, newBrowser, signIn, tokensFor, userinfo } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import type { RequestOptions, Browser, Page } from '../support/browser.ts';

let frontdesk: Frontdesk;
let receiver: Receiver;
/** An app of the house, and one of somebody else; both are told. */
let house: RegisteredApp;
let stranger: RegisteredApp;

beforeAll(async () => {
  frontdesk = await startFrontdesk({ settings: { RATE_LIMIT_FACTOR: '100' } });
  await ann(frontdesk);
  await ben(frontdesk);
  receiver = await startReceiver(frontdesk.issuer, 'house');
  house = await siteA(frontdesk, { id: 'house', name: 'House', backChannelLogoutUri: receiver.uri });
  stranger = await app(frontdesk, { id: 'stranger', name: 'Stranger', backChannelLogoutUri: receiver.uri });
});

type Parameters = Record<string, string | undefined>;
const logout = (browser: Browser, parameters: Parameters, options?: RequestOptions): Promise<Page> => {
  const given = Object.entries(parameters).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return browser.visit(`${frontdesk.issuer}/oauth/logout?${new URLSearchParams(given).toString()}`, options);
};
const backTo = ({ redirectUri }: RegisteredApp) => new URL('/', redirectUri).href;
const isQuestion = (page: Page) => page.root.querySelector('button[name=logout]') !== null;
const isSignedIn = async (browser: Browser) =>
  !(await (await browser.copy()).visit(authorize(frontdesk, house).url)).root.querySelector('input[name=login]');
/** Where the app is told within a second the browser goes on at once, else by a receipt. */
const leadsTo = (page: Page) => page.location ?? page.root.querySelector('a.button')?.getAttribute('href');

async function signedIn(at: RegisteredApp, login = 'ann'): Promise<{ browser: Browser; hint: string }> {
  const browser = newBrowser(frontdesk);
  return { browser, hint: (await tokensFor(frontdesk, browser, at, { login })).id_token! };
}

describe('with the ID token of this session', () => {
  test('an app of the house signs out without a question, and the person goes on to it', async () => {
    const { browser, hint } = await signedIn(house);
    const page = await logout(browser, { id_token_hint: hint, post_logout_redirect_uri: backTo(house), state: 'x y' });
    expect(leadsTo(page)).toBe(`${backTo(house)}?state=x+y`);
    expect(await isSignedIn(browser)).toBe(false);
    expect(await browser.cookie(frontdesk.issuer, 'fd_session')).toBeUndefined();
    const [row] = await runSql(
      frontdesk.db,
      'select end_reason from sessions where account_id is not null order by created_at desc limit 1',
    );
    expect(row).toEqual({ end_reason: 'signed_out' });
  });

  test('without an address of its own it leads to our page, and that to the app', async () => {
    const { browser, hint } = await signedIn(house);
    let page = await logout(browser, { id_token_hint: hint });
    if (page.url.includes('/receipt/'))
      page = await browser.visit(`${frontdesk.issuer}/oauth/logout/success?client_id=house`);
    expect([page.text, leadsTo(page)]).toEqual([
      expect.stringContaining('You are signed out'),
      'http://house.localhost:9',
    ]);
  });

  test('a signed userinfo response is none: the person is asked', async () => {
    const signing = await siteA(frontdesk, { id: 'signing' });
    await runSql(
      frontdesk.db,
      `update clients set metadata = metadata || '{"userinfo_signed_response_alg":"RS256"}' where id = 'signing'`,
    );
    const browser = newBrowser(frontdesk);
    const { access_token: token } = await tokensFor(frontdesk, browser, signing);
    const { body: hint } = await userinfo(frontdesk, token);
    expect(hint.split('.')).toHaveLength(3);
    expect(isQuestion(await logout(browser, { id_token_hint: hint }))).toBe(true);
    expect(await isSignedIn(browser)).toBe(true);
  });

  test('an app of somebody else has to ask', async () => {
    const { browser, hint } = await signedIn(stranger);
    const page = await logout(browser, { id_token_hint: hint, post_logout_redirect_uri: backTo(stranger) });
    expect(isQuestion(page)).toBe(true);
    expect(page.root.querySelector('[role=alert]')).toBeNull();
    expect(await isSignedIn(browser)).toBe(true);
    expect(leadsTo(await page.submit({ logout: 'yes' }))).toBe(backTo(stranger));
    expect(await isSignedIn(browser)).toBe(false);
  });

  test.each([
    ['a picture', { headers: { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' } }],
    ['a frame', { headers: { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' } }],
    ['a prefetched page', { headers: { 'sec-purpose': 'prefetch' } }],
    ['HEAD', { method: 'HEAD' }],
  ])('%s signs nobody out', async (_what, options) => {
    const { browser, hint } = await signedIn(house);
    await logout(browser, { id_token_hint: hint, post_logout_redirect_uri: backTo(house) }, options);
    expect(await isSignedIn(browser)).toBe(true);
  });
});

describe('a hint that is not of this session', () => {
  test('of a session before, of the same person: asks', async () => {
    const { browser, hint } = await signedIn(house);
    await logout(browser, { id_token_hint: hint });
    await codeFor(browser, authorize(frontdesk, house));
    const page = await logout(browser, { id_token_hint: hint, post_logout_redirect_uri: backTo(house) });
    expect([isQuestion(page), page.root.querySelector('[role=alert]')]).toEqual([true, null]);
    expect(await isSignedIn(browser)).toBe(true);
  });

  test('of another person: says so, and asks', async () => {
    const { hint } = await signedIn(house);
    const { browser } = await signedIn(house, 'ben');
    const page = await logout(browser, { id_token_hint: hint, post_logout_redirect_uri: backTo(house) });
    expect(page.text).toContain('asked to sign out another account');
    expect(isQuestion(page)).toBe(true);
    expect(await isSignedIn(browser)).toBe(true);
  });

  test('of another browser of the same person: asks', async () => {
    const { hint } = await signedIn(house);
    const { browser } = await signedIn(house);
    expect(isQuestion(await logout(browser, { id_token_hint: hint }))).toBe(true);
    expect(await isSignedIn(browser)).toBe(true);
  });
});

describe('a request that is refused', () => {
  const refused: [string, (hint: string) => Parameters, string][] = [
    [
      'an address that is not registered',
      (hint) => ({ id_token_hint: hint, post_logout_redirect_uri: 'https://evil.example/' }),
      'not registered',
    ],
    [
      'that address by client_id',
      () => ({ client_id: 'house', post_logout_redirect_uri: 'https://evil.example/' }),
      'not registered',
    ],
    [
      'a broken hint',
      () => ({ id_token_hint: 'broken', post_logout_redirect_uri: 'http://house.localhost:9/' }),
      'could not be verified',
    ],
    ['a changed hint', (hint) => ({ id_token_hint: `${hint.slice(0, -8)}AAAAAAAA` }), 'could not be verified'],
    ['the hint of another app', (hint) => ({ id_token_hint: hint, client_id: 'stranger' }), 'could not be verified'],
    ['an unknown app', () => ({ client_id: 'nobody' }), 'could not be verified'],
  ];

  test.each(refused)('%s: says so, and offers to sign out here or to stay', async (_what, parameters, words) => {
    const { browser, hint } = await signedIn(house);
    const page = await logout(browser, parameters(hint));
    expect([page.status, page.location, page.text]).toEqual([400, undefined, expect.stringContaining(words)]);
    expect(page.body).not.toContain('href="https://evil.example');
    expect(page.root.querySelector('a[href="/account"]')?.text).toBe('Stay signed in');
    expect((await browser.visit(`${frontdesk.issuer}/account`)).status).toBe(200);
    expect(await isSignedIn(browser)).toBe(true);
    const after = await page.submit({}, { button: 'button[name=logout]' });
    expect([after.location, after.text]).toEqual([undefined, expect.stringContaining('You are signed out')]);
    expect(await isSignedIn(browser)).toBe(false);
  });

  test.each(refused)('%s, when nobody is signed in: says so, and leads on', async (_what, parameters, words) => {
    const { hint } = await signedIn(house);
    const page = await logout(newBrowser(frontdesk), parameters(hint));
    expect([page.status, page.text]).toEqual([400, expect.stringContaining(words)]);
    expect(page.text).toContain('You are signed out');
    expect(page.root.querySelector('a[href="/account"]')).not.toBeNull();
    expect(page.headers['set-cookie']).toBeUndefined();
  });
});

describe('the form of the question', () => {
  test('sent twice: the second finds the person signed out, with the way on to the app', async () => {
    const { browser } = await signedIn(stranger);
    const page = await logout(browser, { client_id: 'stranger' });
    await page.submit({}, { button: 'button[name=logout]' });
    const again = await page.submit({}, { button: 'button[name=logout]' });
    expect([again.status, again.text]).toEqual([200, expect.stringContaining('You are signed out')]);
    expect(leadsTo(again)).toBe('http://stranger.localhost:9');
  });

  test('of another tab is refused, and asks once more', async () => {
    const { browser } = await signedIn(stranger);
    const first = await logout(browser, { client_id: 'stranger' });
    await logout(browser, { client_id: 'stranger' });
    const page = await first.submit({}, { button: 'button[name=logout]' });
    expect([page.status, page.text]).toEqual([400, expect.stringContaining('not the newest one')]);
    expect(await isSignedIn(browser)).toBe(true);
    await page.submit({}, { button: 'button[name=logout]' });
    expect(await isSignedIn(browser)).toBe(false);
  });

  test('of a browser that never asked ends nothing', async () => {
    const { browser } = await signedIn(house);
    const answer = await browser.visit(`${frontdesk.issuer}/oauth/logout/confirm`, {
      form: { xsrf: 'guessed', logout: 'yes' },
      headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    });
    expect([answer.status, isQuestion(answer)]).toEqual([400, true]);
    expect(await isSignedIn(browser)).toBe(true);
  });
});

test('without a session, a self-registered app without a hint is named and not redirected to', async () => {
  const self = await app(frontdesk, { id: 'unvouched', name: 'Unvouched' });
  const { hint } = await signedIn(self);
  await runSql(frontdesk.db, `update clients set is_self_registered = true where id = '${self.id}'`);
  const request = { client_id: self.id, post_logout_redirect_uri: backTo(self) };
  const page = await logout(newBrowser(frontdesk), request);
  expect(page.url).toBe(`${frontdesk.issuer}/oauth/logout/success?client_id=unvouched`);
  expect((await logout(newBrowser(frontdesk), { ...request, id_token_hint: hint })).location).toBe(backTo(self));
});

describe('the page after a sign-out', () => {
  const success = (browser: Browser, id?: string) =>
    browser.visit(`${frontdesk.issuer}/oauth/logout/success${id === undefined ? '' : `?client_id=${id}`}`);

  test('leads to an app that an operator registered, else to the account', async () => {
    const browser = newBrowser(frontdesk);
    expect(leadsTo(await success(browser, 'house'))).toBe('http://house.localhost:9');
    expect(leadsTo(await success(browser))).toBe('/account');
    const self = await app(frontdesk, { id: 'self', name: 'Self' });
    await runSql(frontdesk.db, `update clients set is_self_registered = true where id = '${self.id}'`);
    expect(leadsTo(await success(browser, 'self'))).toBe('/account');
  });

  test('tells nobody that they are signed out of an app that they are signed in to', async () => {
    const { browser } = await signedIn(house);
    expect((await success(browser, 'house')).url).toBe(`${frontdesk.issuer}/account`);
    const page = await logout(browser, { client_id: 'house' });
    const out = await page.submit({}, { button: 'form.after button' });
    expect(out.text).toContain('You signed out of House only');
    expect(await isSignedIn(browser)).toBe(true);
  });
});

test('the account page leads to the sign-in once the person has signed out', async () => {
  const { browser, hint } = await signedIn(house);
  await logout(browser, { id_token_hint: hint });
  const page = await browser.visit(`${frontdesk.issuer}/account`);
  expect((await signIn(page, 'ann')).url).toBe(`${frontdesk.issuer}/account`);
});
