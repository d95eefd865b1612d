/** Tests what a person is shown after signing out: a redirect to the app, or a receipt of the logout notices. */
import { ann, app, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { runSql } from '../support/database.ts';
import { authorize, codeFor, newBrowser, tokensFor } from '../support/flow.ts';
import { eventually } from '../support/eventually.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import type { Browser, Page } from '../support/browser.ts';

let frontdesk: Frontdesk;
/** An app without a logout URI. */
let appA: RegisteredApp;
let backChannelApp: RegisteredApp;
let frontChannelApp: RegisteredApp;
let receiver: Receiver;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await ann(frontdesk);
  appA = await siteA(frontdesk);
  receiver = await startReceiver(frontdesk.issuer, 'called');
  backChannelApp = await app(frontdesk, {
    id: 'called',
    name: 'Called',
    isFirstParty: true,
    backChannelLogoutUri: receiver.uri,
  });
  const frontChannelLogoutUri = 'http://framed.localhost:9/logout?x=1';
  frontChannelApp = await app(frontdesk, { id: 'framed', name: 'Framed', isFirstParty: true, frontChannelLogoutUri });
});
beforeEach(() => receiver.answerWith(200));

/** Signs in at apps with a new browser. @returns the browser, and an ID token of the first app as `id_token_hint` */
async function signedInAt(...apps: RegisteredApp[]): Promise<{ browser: Browser; hint: string }> {
  const browser = newBrowser(frontdesk);
  const tokens = await tokensFor(frontdesk, browser, apps[0]!);
  for (const each of apps.slice(1)) await codeFor(browser, authorize(frontdesk, each));
  return { browser, hint: tokens.id_token! };
}

/** Signs out at an app, with a post-logout redirect. */
async function signOut({ browser, hint }: { browser: Browser; hint: string }, from: RegisteredApp): Promise<Page> {
  const returnUri = new URL('/', from.redirectUri).href;
  const query = `id_token_hint=${hint}&post_logout_redirect_uri=${encodeURIComponent(returnUri)}&state=xyz`;
  return browser.visit(`${frontdesk.issuer}/oauth/logout?${query}`);
}

/** When and where to the page reloads or redirects itself. */
const metaRefreshOf = (page: Page) => page.root.querySelector('meta[http-equiv=refresh]')?.getAttribute('content');

/** Signs out until all apps were notified within the second that Frontdesk waits; a busy machine needs several tries. */
async function signOutQuickly(...apps: RegisteredApp[]): Promise<Page> {
  return eventually(
    async () => signOut(await signedInAt(...apps), apps[0]!),
    ({ location, text }) => {
      if (location === undefined) expect(text).toMatch(/Called: (still trying|signed out in)/);
      return location !== undefined;
    },
  );
}

test('when every app was notified, the logout endpoint redirects to the app without a receipt', async () => {
  const page = await signOutQuickly(appA, backChannelApp);
  expect(page.location).toBe('http://site-a.localhost:9/?state=xyz');
});

test('the receipt shows an app that is down, reloads itself until it was notified, and redirects to the app', async () => {
  await receiver.stop();
  const signedIn = await signedInAt(appA, backChannelApp);
  const page = await signOut(signedIn, appA);
  expect(new URL(page.url).pathname).toMatch(/^\/sign-out\/receipt\/[\w-]{43}$/);
  expect(page.headers['referrer-policy']).toBe('no-referrer');
  expect(page.headers['cache-control']).toBe('no-store');
  expect(page.text).toContain('Called: still trying');
  // The person returns to site A, which cannot be notified.
  expect(page.text).not.toContain('Site A:');
  expect(page.text).not.toMatch(/everywhere/);
  expect(page.root.querySelector('a.button')?.getAttribute('href')).toBe('http://site-a.localhost:9/?state=xyz');
  expect(metaRefreshOf(page)).toBe(`2;url=${new URL(page.url).pathname}?again`);

  await receiver.start();
  const later = await eventually(
    () => signedIn.browser.visit(`${page.url}?again`),
    ({ text }) => !/still trying|could not be reached/.test(text),
  );
  expect(later.text).toMatch(/Called: signed out in \d+ ms/);
  expect(metaRefreshOf(later)).toMatch(/^3;url=http:\/\/site-a\.localhost:9\/\?state=xyz$/);
});

test('the receipt names apps without a logout URI, except for the app that the person returns to', async () => {
  const other = await app(frontdesk, { id: 'no-logout', name: 'No logout', isFirstParty: true });
  const page = await signOut(await signedInAt(appA, other), appA);
  expect(new URL(page.url).pathname).toMatch(/^\/sign-out\/receipt\//);
  expect(page.text).toContain('No logout: cannot be notified');
  expect((await signOut(await signedInAt(appA), appA)).location).toBe('http://site-a.localhost:9/?state=xyz');
});

describe('an app whose consent page the person left open', () => {
  const openConsentPage = async (browser: Browser, other: RegisteredApp, parameters = {}) =>
    expect((await browser.visit(authorize(frontdesk, other, parameters).url)).text).toContain('asks for access');

  test('is not on the devices page, and gets no logout notice', async () => {
    const other = await app(frontdesk, { id: 'unanswered', name: 'Unanswered', backChannelLogoutUri: receiver.uri });
    const signedIn = await signedInAt(appA, backChannelApp);
    await openConsentPage(signedIn.browser, other);
    const { text } = await signedIn.browser.visit(`${frontdesk.issuer}/account/devices`);
    expect(text).toContain('Called');
    expect(text).not.toContain('Unanswered');
    await signOut(signedIn, appA);
    const notices = await runSql(frontdesk.db, `select 1 from logout_notices where client_id = '${other.id}'`);
    expect(notices).toEqual([]);
  });

  test('is not on the receipt, even if the person consented in another session', async () => {
    const other = await app(frontdesk, { id: 'remembered', name: 'Remembered' });
    const first = await signedInAt(appA);
    await (await first.browser.visit(authorize(frontdesk, other).url)).submit();
    const signedIn = await signedInAt(appA);
    await openConsentPage(signedIn.browser, other, { prompt: 'consent' });
    expect((await signOut(signedIn, appA)).location).toBe('http://site-a.localhost:9/?state=xyz');
    expect((await signOut(first, appA)).text).toContain('Remembered: cannot be notified');
  });
});

test('the receipt redirects to the app after ten seconds although another app is still down', async () => {
  receiver.answerWith(500);
  const signedIn = await signedInAt(appA, backChannelApp);
  const page = await signOut(signedIn, appA);
  await runSql(frontdesk.db, `update receipts set created_at = created_at - interval '10 seconds'`);
  const later = await signedIn.browser.visit(`${page.url}?again`);
  expect(metaRefreshOf(later)).toBe('3;url=http://site-a.localhost:9/?state=xyz');
  await runSql(frontdesk.db, 'update logout_notices set attempts = 5 where delivered_at is null');
  expect((await signedIn.browser.visit(page.url)).text).toContain(
    'Called: could not be reached; we keep trying for a day',
  );
  // A delivery that is under way may overwrite the update, so it is repeated.
  await eventually(async () => {
    await runSql(frontdesk.db, 'update logout_notices set gave_up_at = now() where delivered_at is null');
    return /Called: could not be reached(?!;)/.test((await signedIn.browser.visit(page.url)).text);
  });
});

test('the receipt loads the front-channel logout URI in a frame once, and shows no confirmation', async () => {
  const signedIn = await signedInAt(appA, frontChannelApp);
  const [{ sid } = { sid: '' }] = await runSql<{ sid: string }>(
    frontdesk.db,
    `select authorizations -> 'framed' ->> 'sid' as sid from sessions order by created_at desc limit 1`,
  );
  const page = await signOut(signedIn, appA);
  const frame = page.root.querySelector('iframe');
  const address = new URL(frame!.getAttribute('src')!.replaceAll('&amp;', '&'));
  expect(`${address.origin}${address.pathname}`).toBe('http://framed.localhost:9/logout');
  expect(Object.fromEntries(address.searchParams)).toEqual({ x: '1', iss: frontdesk.issuer, sid });
  expect(String(page.headers['content-security-policy'])).toContain('frame-src http://framed.localhost:9');
  expect(page.text).toContain('Framed: notified through the browser, which gets no confirmation');
  const reloaded = await signedIn.browser.visit(`${page.url}?again`);
  expect(reloaded.root.querySelector('iframe')).toBeNull();
  expect(String(reloaded.headers['content-security-policy'])).not.toContain('frame-src');
  const otherPage = await signedIn.browser.visit(`${frontdesk.issuer}/`);
  expect(String(otherPage.headers['content-security-policy'])).not.toContain('frame-src');
});

test('a receipt shows only names of apps, to anybody with its unguessable address, until it expires', async () => {
  receiver.answerWith(500);
  const page = await signOut(await signedInAt(appA, backChannelApp), appA);
  const anonymous = await newBrowser(frontdesk).visit(page.url);
  expect(anonymous.status).toBe(200);
  expect(anonymous.body).not.toMatch(/\bann\b|archer|127\.0\.0\.1|[0-9a-f]{8}-[0-9a-f]{4}-4/i);
  expect((await newBrowser(frontdesk).visit(`${page.url.slice(0, -1)}x`)).status).toBe(404);
  await runSql(frontdesk.db, "update receipts set expires_at = now() - interval '1 second'");
  const expired = await newBrowser(frontdesk).visit(page.url);
  expect([expired.status, expired.text]).toEqual([404, expect.stringContaining('This receipt is no longer shown')]);
});

test('a sign-out on the account page shows a receipt, and the activity page shows the same notices later', async () => {
  receiver.answerWith(500);
  const { browser } = await signedInAt(backChannelApp);
  const accountPage = await browser.visit(`${frontdesk.issuer}/account`);
  const page = await accountPage.submit({}, { button: 'form[action="/account/sign-out"] button' });
  expect(page.text).toContain('Called: still trying');
  const link = page.root.querySelector('a.button')!;
  expect([link.text, link.getAttribute('href')]).toEqual(['Sign in again', '/account']);
  expect(await browser.cookie(frontdesk.issuer, 'fd_session')).toBeFalsy();

  const next = await signedInAt(appA);
  const activity = await next.browser.visit(`${frontdesk.issuer}/account/activity`);
  expect(activity.text).toMatch(/Signed out\s+By you, on that device.[^]*Called: still trying/);
});

test('the logout endpoint refuses post-logout redirect URIs that are not registered', async () => {
  const { browser, hint } = await signedInAt(appA, backChannelApp);
  for (const uri of ['https://evil.example/', 'http://site-a.localhost:9/other', 'javascript:alert(1)']) {
    const query = `id_token_hint=${hint}&post_logout_redirect_uri=${encodeURIComponent(uri)}`;
    const page = await browser.visit(`${frontdesk.issuer}/oauth/logout?${query}`);
    expect([uri, page.status]).toEqual([uri, 400]);
  }
});

test('a logout request without a session redirects to the app at once', async () => {
  const { id_token: hint } = await tokensFor(frontdesk, newBrowser(frontdesk), appA);
  const returnUri = new URL('/', appA.redirectUri).href;
  const query = new URLSearchParams({ id_token_hint: hint!, post_logout_redirect_uri: returnUri, state: 'as it was' });
  const response = await newBrowser(frontdesk).send(`${frontdesk.issuer}/oauth/logout?${query.toString()}`);
  expect([response.status, response.location]).toEqual([303, `${returnUri}?state=as+it+was`]);
  const page = await newBrowser(frontdesk).visit(`${frontdesk.issuer}/oauth/logout`);
  expect([page.status, page.text]).toEqual([200, expect.stringContaining('You are signed out')]);
});

test('the signed-out page redirects people who are signed in to their account', async () => {
  const address = `${frontdesk.issuer}/oauth/logout/success`;
  expect((await newBrowser(frontdesk).visit(address)).text).toContain('You are signed out');
  const browser = newBrowser(frontdesk);
  await codeFor(browser, authorize(frontdesk, appA));
  expect((await browser.visit(address)).url).toBe(`${frontdesk.issuer}/account`);
});
