/** Tests logout requests of apps (OpenID Connect RP-Initiated Logout 1.0): when they need confirmation or are refused. */
import { ann, app, ben, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { runSql } from '../support/database.ts';
import { authorize, codeFor, newBrowser, signIn, tokensFor, userinfo } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import type { RequestOptions, Browser, Page } from '../support/browser.ts';

let frontdesk: Frontdesk;
let receiver: Receiver;
let firstPartyApp: RegisteredApp;
let thirdPartyApp: RegisteredApp;

beforeAll(async () => {
  frontdesk = await startFrontdesk({ settings: { RATE_LIMIT_FACTOR: '100' } });
  await ann(frontdesk);
  await ben(frontdesk);
  receiver = await startReceiver(frontdesk.issuer, 'first-party');
  firstPartyApp = await siteA(frontdesk, {
    id: 'first-party',
    name: 'First party',
    backChannelLogoutUri: receiver.uri,
  });
  thirdPartyApp = await app(frontdesk, {
    id: 'third-party',
    name: 'Third party',
    backChannelLogoutUri: receiver.uri,
  });
});

type LogoutParameters = Record<string, string | undefined>;
/** Visits the logout endpoint; a parameter set to undefined is left out. */
const logout = (browser: Browser, parameters: LogoutParameters, options?: RequestOptions): Promise<Page> => {
  const defined = Object.entries(parameters).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return browser.visit(`${frontdesk.issuer}/oauth/logout?${new URLSearchParams(defined).toString()}`, options);
};
const returnUriOf = ({ redirectUri }: RegisteredApp) => new URL('/', redirectUri).href;
/** Whether the page is the logout confirmation page. */
const isConfirmation = (page: Page) => page.root.querySelector('button[name=logout]') !== null;
/** Whether an app gets a code without a sign-in page, in a copy of the browser: the request changes cookies. */
const isSignedIn = async (browser: Browser) =>
  !(await (await browser.copy()).visit(authorize(frontdesk, firstPartyApp).url)).root.querySelector(
    'input[name=login]',
  );
/** The URL that a sign-out leads to: by a redirect when the apps are notified within a second, otherwise by a link. */
const destinationOf = (page: Page) => page.location ?? page.root.querySelector('a.button')?.getAttribute('href');

/** Signs in at an app with a new browser. @returns the browser, and the ID token as `id_token_hint` */
async function signedInAt(at: RegisteredApp, login = 'ann'): Promise<{ browser: Browser; hint: string }> {
  const browser = newBrowser(frontdesk);
  return { browser, hint: (await tokensFor(frontdesk, browser, at, { login })).id_token! };
}

describe('a logout request with an ID token of the session', () => {
  test('of a first-party app ends the session without confirmation, and redirects to the app', async () => {
    const { browser, hint } = await signedInAt(firstPartyApp);
    const page = await logout(browser, {
      id_token_hint: hint,
      post_logout_redirect_uri: returnUriOf(firstPartyApp),
      state: 'x y',
    });
    expect(destinationOf(page)).toBe(`${returnUriOf(firstPartyApp)}?state=x+y`);
    expect(await isSignedIn(browser)).toBe(false);
    expect(await browser.cookie(frontdesk.issuer, 'fd_session')).toBeUndefined();
    const [row] = await runSql(
      frontdesk.db,
      'select end_reason from sessions where account_id is not null order by created_at desc limit 1',
    );
    expect(row).toEqual({ end_reason: 'signed_out' });
  });

  test('without a post-logout redirect URI shows the signed-out page, which links to the app', async () => {
    const { browser, hint } = await signedInAt(firstPartyApp);
    let page = await logout(browser, { id_token_hint: hint });
    // A receipt is shown instead when the app was not notified within a second.
    if (page.url.includes('/receipt/'))
      page = await browser.visit(`${frontdesk.issuer}/oauth/logout/success?client_id=first-party`);
    expect([page.text, destinationOf(page)]).toEqual([
      expect.stringContaining('You are signed out'),
      'http://first-party.localhost:9',
    ]);
  });

  test('needs confirmation when the hint is a signed userinfo response instead', async () => {
    const withSignedUserinfo = await siteA(frontdesk, { id: 'signed-userinfo' });
    await runSql(
      frontdesk.db,
      `update clients set metadata = metadata || '{"userinfo_signed_response_alg":"RS256"}' where id = 'signed-userinfo'`,
    );
    const browser = newBrowser(frontdesk);
    const { access_token: token } = await tokensFor(frontdesk, browser, withSignedUserinfo);
    const { body: hint } = await userinfo(frontdesk, token);
    expect(hint.split('.')).toHaveLength(3);
    expect(isConfirmation(await logout(browser, { id_token_hint: hint }))).toBe(true);
    expect(await isSignedIn(browser)).toBe(true);
  });

  test('of a third-party app needs confirmation', async () => {
    const { browser, hint } = await signedInAt(thirdPartyApp);
    const page = await logout(browser, { id_token_hint: hint, post_logout_redirect_uri: returnUriOf(thirdPartyApp) });
    expect(isConfirmation(page)).toBe(true);
    expect(page.root.querySelector('[role=alert]')).toBeNull();
    expect(await isSignedIn(browser)).toBe(true);
    expect(destinationOf(await page.submit({ logout: 'yes' }))).toBe(returnUriOf(thirdPartyApp));
    expect(await isSignedIn(browser)).toBe(false);
  });

  test.each([
    ['an image', { headers: { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' } }],
    ['a frame', { headers: { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' } }],
    ['a prefetched page', { headers: { 'sec-purpose': 'prefetch' } }],
    ['a HEAD request', { method: 'HEAD' }],
  ])('does not end the session when it comes from %s', async (_name, options) => {
    const { browser, hint } = await signedInAt(firstPartyApp);
    await logout(browser, { id_token_hint: hint, post_logout_redirect_uri: returnUriOf(firstPartyApp) }, options);
    expect(await isSignedIn(browser)).toBe(true);
  });
});

describe('a logout request with an ID token of another session', () => {
  test('needs confirmation when that session was in this browser and has ended', async () => {
    const { browser, hint } = await signedInAt(firstPartyApp);
    await logout(browser, { id_token_hint: hint });
    await codeFor(browser, authorize(frontdesk, firstPartyApp));
    const page = await logout(browser, { id_token_hint: hint, post_logout_redirect_uri: returnUriOf(firstPartyApp) });
    expect([isConfirmation(page), page.root.querySelector('[role=alert]')]).toEqual([true, null]);
    expect(await isSignedIn(browser)).toBe(true);
  });

  test('needs confirmation on a page that names the mismatch when that session is of another account', async () => {
    const { hint } = await signedInAt(firstPartyApp);
    const { browser } = await signedInAt(firstPartyApp, 'ben');
    const page = await logout(browser, { id_token_hint: hint, post_logout_redirect_uri: returnUriOf(firstPartyApp) });
    expect(page.text).toContain('asked to sign out another account');
    expect(isConfirmation(page)).toBe(true);
    expect(await isSignedIn(browser)).toBe(true);
  });

  test('needs confirmation when that session is of the same account in another browser', async () => {
    const { hint } = await signedInAt(firstPartyApp);
    const { browser } = await signedInAt(firstPartyApp);
    expect(isConfirmation(await logout(browser, { id_token_hint: hint }))).toBe(true);
    expect(await isSignedIn(browser)).toBe(true);
  });
});

describe('a logout request that is refused', () => {
  const refused: [string, (hint: string) => LogoutParameters, string][] = [
    [
      'a post-logout redirect URI that is not registered',
      (hint) => ({ id_token_hint: hint, post_logout_redirect_uri: 'https://evil.example/' }),
      'not registered',
    ],
    [
      'a post-logout redirect URI that is not registered, and client_id instead of a hint',
      () => ({ client_id: 'first-party', post_logout_redirect_uri: 'https://evil.example/' }),
      'not registered',
    ],
    [
      'a hint that is not a JWT',
      () => ({ id_token_hint: 'broken', post_logout_redirect_uri: 'http://first-party.localhost:9/' }),
      'could not be verified',
    ],
    [
      'a hint with another signature',
      (hint) => ({ id_token_hint: `${hint.slice(0, -8)}AAAAAAAA` }),
      'could not be verified',
    ],
    ['the hint of another app', (hint) => ({ id_token_hint: hint, client_id: 'third-party' }), 'could not be verified'],
    ['an unknown app', () => ({ client_id: 'nobody' }), 'could not be verified'],
  ];

  test.each(refused)('because of %s gets an error page that offers to sign out', async (_name, parameters, words) => {
    const { browser, hint } = await signedInAt(firstPartyApp);
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

  test.each(refused)('because of %s gets an error page without a session too', async (_name, parameters, words) => {
    const { hint } = await signedInAt(firstPartyApp);
    const page = await logout(newBrowser(frontdesk), parameters(hint));
    expect([page.status, page.text]).toEqual([400, expect.stringContaining(words)]);
    expect(page.text).toContain('You are signed out');
    expect(page.root.querySelector('a[href="/account"]')).not.toBeNull();
    expect(page.headers['set-cookie']).toBeUndefined();
  });
});

describe('the logout confirmation page', () => {
  test('leads to the app both times when it is submitted twice', async () => {
    const { browser } = await signedInAt(thirdPartyApp);
    const page = await logout(browser, { client_id: 'third-party' });
    await page.submit({}, { button: 'button[name=logout]' });
    const second = await page.submit({}, { button: 'button[name=logout]' });
    expect([second.status, second.text]).toEqual([200, expect.stringContaining('You are signed out')]);
    expect(destinationOf(second)).toBe('http://third-party.localhost:9');
  });

  test('is shown again when it is submitted after a newer one was opened in another tab', async () => {
    const { browser } = await signedInAt(thirdPartyApp);
    const first = await logout(browser, { client_id: 'third-party' });
    await logout(browser, { client_id: 'third-party' });
    const page = await first.submit({}, { button: 'button[name=logout]' });
    expect([page.status, page.text]).toEqual([400, expect.stringContaining('There is a newer form')]);
    expect(await isSignedIn(browser)).toBe(true);
    await page.submit({}, { button: 'button[name=logout]' });
    expect(await isSignedIn(browser)).toBe(false);
  });

  test('does not end the session when another site submits its form', async () => {
    const { browser } = await signedInAt(firstPartyApp);
    const page = await browser.visit(`${frontdesk.issuer}/oauth/logout/confirm`, {
      form: { xsrf: 'guessed', logout: 'yes' },
      headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    });
    expect([page.status, isConfirmation(page)]).toEqual([400, true]);
    expect(await isSignedIn(browser)).toBe(true);
  });
});

test('without a session, the logout endpoint redirects to a self-registered app only with a hint', async () => {
  const selfRegistered = await app(frontdesk, { id: 'self-registered', name: 'Self-registered' });
  const { hint } = await signedInAt(selfRegistered);
  await runSql(frontdesk.db, `update clients set is_self_registered = true where id = '${selfRegistered.id}'`);
  const request = { client_id: selfRegistered.id, post_logout_redirect_uri: returnUriOf(selfRegistered) };
  const page = await logout(newBrowser(frontdesk), request);
  expect(page.url).toBe(`${frontdesk.issuer}/oauth/logout/success?client_id=self-registered`);
  expect((await logout(newBrowser(frontdesk), { ...request, id_token_hint: hint })).location).toBe(
    returnUriOf(selfRegistered),
  );
});

describe('the signed-out page', () => {
  const visitSuccess = (browser: Browser, id?: string) =>
    browser.visit(`${frontdesk.issuer}/oauth/logout/success${id === undefined ? '' : `?client_id=${id}`}`);

  test('links to an app that an operator registered, and otherwise to the account page', async () => {
    const browser = newBrowser(frontdesk);
    expect(destinationOf(await visitSuccess(browser, 'first-party'))).toBe('http://first-party.localhost:9');
    expect(destinationOf(await visitSuccess(browser))).toBe('/account');
    const selfRegistered = await app(frontdesk, { id: 'self', name: 'Self' });
    await runSql(frontdesk.db, `update clients set is_self_registered = true where id = '${selfRegistered.id}'`);
    expect(destinationOf(await visitSuccess(browser, 'self'))).toBe('/account');
  });

  test('redirects a person with a session to the account page, unless they have signed out of one app', async () => {
    const { browser } = await signedInAt(firstPartyApp);
    expect((await visitSuccess(browser, 'first-party')).url).toBe(`${frontdesk.issuer}/account`);
    const page = await logout(browser, { client_id: 'first-party' });
    const signedOut = await page.submit({}, { button: 'form.after button' });
    expect(signedOut.text).toContain('You signed out of First party only');
    expect(await isSignedIn(browser)).toBe(true);
  });
});

test('after a sign-out the account page shows the sign-in page', async () => {
  const { browser, hint } = await signedInAt(firstPartyApp);
  await logout(browser, { id_token_hint: hint });
  const page = await browser.visit(`${frontdesk.issuer}/account`);
  expect((await signIn(page, 'ann')).url).toBe(`${frontdesk.issuer}/account`);
});
