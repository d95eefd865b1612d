/** What people see after signing out, while an app is down and when it is up again. */
import { ann, app, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { runSql } from '../support/database.ts';
import { authorize, codeFor, newBrowser, tokensFor } from '../support/flow.ts';
import { eventually } from '../support/eventually.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import type { Browser, Page } from '../support/browser.ts';

let frontdesk: Frontdesk;
let plain: RegisteredApp;
let called: RegisteredApp;
let framed: RegisteredApp;
let receiver: Receiver;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await ann(frontdesk);
  plain = await siteA(frontdesk);
  receiver = await startReceiver(frontdesk.issuer, 'called');
  called = await app(frontdesk, {
    id: 'called',
    name: 'Called',
    isFirstParty: true,
    backChannelLogoutUri: receiver.uri,
  });
  const frontChannelLogoutUri = 'http://framed.localhost:9/logout?x=1';
  framed = await app(frontdesk, { id: 'framed', name: 'Framed', isFirstParty: true, frontChannelLogoutUri });
});
beforeEach(() => receiver.answerWith(200));

async function signedInAt(...apps: RegisteredApp[]): Promise<{ browser: Browser; hint: string }> {
  const browser = newBrowser(frontdesk);
  const tokens = await tokensFor(frontdesk, browser, apps[0]!);
  for (const each of apps.slice(1)) await codeFor(browser, authorize(frontdesk, each));
  return { browser, hint: tokens.id_token! };
}

/** Signs out at the first app, with a post-logout redirect. */
async function signOut({ browser, hint }: { browser: Browser; hint: string }, from: RegisteredApp): Promise<Page> {
  const back = new URL('/', from.redirectUri).href;
  const query = `id_token_hint=${hint}&post_logout_redirect_uri=${encodeURIComponent(back)}&state=xyz`;
  return browser.visit(`${frontdesk.issuer}/oauth/logout?${query}`);
}

const refreshOf = (page: Page) => page.root.querySelector('meta[http-equiv=refresh]')?.getAttribute('content');

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

test('when every app was notified, the person goes straight back to the app', async () => {
  const page = await signOutQuickly(plain, called);
  expect(page.location).toBe('http://site-a.localhost:9/?state=xyz');
});

test('while an app is down the receipt says so, and redirects to the app by itself', async () => {
  await receiver.stop();
  const signed = await signedInAt(plain, called);
  const page = await signOut(signed, plain);
  expect(new URL(page.url).pathname).toMatch(/^\/sign-out\/receipt\/[\w-]{43}$/);
  expect(page.headers['referrer-policy']).toBe('no-referrer');
  expect(page.headers['cache-control']).toBe('no-store');
  expect(page.text).toContain('Called: still trying');
  // The person returns to site A, which cannot be notified.
  expect(page.text).not.toContain('Site A:');
  expect(page.text).not.toMatch(/everywhere/);
  expect(page.root.querySelector('a.button')?.getAttribute('href')).toBe('http://site-a.localhost:9/?state=xyz');
  expect(refreshOf(page)).toBe(`2;url=${new URL(page.url).pathname}?again`);

  await receiver.start();
  const later = await eventually(
    () => signed.browser.visit(`${page.url}?again`),
    ({ text }) => !/still trying|could not be reached/.test(text),
  );
  expect(later.text).toMatch(/Called: signed out in \d+ ms/);
  expect(refreshOf(later)).toMatch(/^3;url=http:\/\/site-a\.localhost:9\/\?state=xyz$/);
});

test('an app that cannot be told is named, unless it is the one that the person goes back to', async () => {
  const other = await app(frontdesk, { id: 'untold', name: 'Untold', isFirstParty: true });
  const page = await signOut(await signedInAt(plain, other), plain);
  expect(new URL(page.url).pathname).toMatch(/^\/sign-out\/receipt\//);
  expect(page.text).toContain('Untold: cannot be told');
  expect((await signOut(await signedInAt(plain), plain)).location).toBe('http://site-a.localhost:9/?state=xyz');
});

describe('an app whose consent page was shown, and not answered', () => {
  const shows = async (browser: Browser, other: RegisteredApp, parameters = {}) =>
    expect((await browser.visit(authorize(frontdesk, other, parameters).url)).text).toContain('asks for access');

  test('is on no receipt, in no notice and at no device', async () => {
    const other = await app(frontdesk, { id: 'unanswered', name: 'Unanswered', backChannelLogoutUri: receiver.uri });
    const signed = await signedInAt(plain, called);
    await shows(signed.browser, other);
    const { text } = await signed.browser.visit(`${frontdesk.issuer}/account/devices`);
    expect(text).toContain('Called');
    expect(text).not.toContain('Unanswered');
    await signOut(signed, plain);
    const notices = await runSql(frontdesk.db, `select 1 from logout_notices where client_id = '${other.id}'`);
    expect(notices).toEqual([]);
  });

  test('nor when a consent of another session is remembered', async () => {
    const other = await app(frontdesk, { id: 'remembered', name: 'Remembered' });
    const first = await signedInAt(plain);
    await (await first.browser.visit(authorize(frontdesk, other).url)).submit();
    const signed = await signedInAt(plain);
    await shows(signed.browser, other, { prompt: 'consent' });
    expect((await signOut(signed, plain)).location).toBe('http://site-a.localhost:9/?state=xyz');
    expect((await signOut(first, plain)).text).toContain('Remembered: cannot be told');
  });
});

test('the receipt goes on although an app stays down', async () => {
  receiver.answerWith(500);
  const signed = await signedInAt(plain, called);
  const page = await signOut(signed, plain);
  await runSql(frontdesk.db, `update receipts set created_at = created_at - interval '10 seconds'`);
  const later = await signed.browser.visit(`${page.url}?again`);
  expect(refreshOf(later)).toBe('3;url=http://site-a.localhost:9/?state=xyz');
  await runSql(frontdesk.db, 'update logout_notices set attempts = 5 where delivered_at is null');
  expect((await signed.browser.visit(page.url)).text).toContain(
    'Called: could not be reached; we keep trying for a day',
  );
  // An attempt that is under way writes after us that it is not over.
  await eventually(async () => {
    await runSql(frontdesk.db, 'update logout_notices set gave_up_at = now() where delivered_at is null');
    return /Called: could not be reached(?!;)/.test((await signed.browser.visit(page.url)).text);
  });
});

test('a front-channel app is called once by the browser, and its state stays unknown', async () => {
  const signed = await signedInAt(plain, framed);
  const [{ sid } = { sid: '' }] = await runSql<{ sid: string }>(
    frontdesk.db,
    `select authorizations -> 'framed' ->> 'sid' as sid from sessions order by created_at desc limit 1`,
  );
  const page = await signOut(signed, plain);
  const frame = page.root.querySelector('iframe');
  const address = new URL(frame!.getAttribute('src')!.replaceAll('&amp;', '&'));
  expect(`${address.origin}${address.pathname}`).toBe('http://framed.localhost:9/logout');
  expect(Object.fromEntries(address.searchParams)).toEqual({ x: '1', iss: frontdesk.issuer, sid });
  expect(String(page.headers['content-security-policy'])).toContain('frame-src http://framed.localhost:9');
  expect(page.text).toContain('Framed: told through the browser, which gets no confirmation');
  const again = await signed.browser.visit(`${page.url}?again`);
  expect(again.root.querySelector('iframe')).toBeNull();
  expect(String(again.headers['content-security-policy'])).not.toContain('frame-src');
  const other = await signed.browser.visit(`${frontdesk.issuer}/`);
  expect(String(other.headers['content-security-policy'])).not.toContain('frame-src');
});

test('a receipt shows names of apps only, at a secret address, for 15 minutes', async () => {
  receiver.answerWith(500);
  const page = await signOut(await signedInAt(plain, called), plain);
  const stranger = await newBrowser(frontdesk).visit(page.url);
  expect(stranger.status).toBe(200);
  expect(stranger.body).not.toMatch(/\bann\b|archer|127\.0\.0\.1|[0-9a-f]{8}-[0-9a-f]{4}-4/i);
  expect((await newBrowser(frontdesk).visit(`${page.url.slice(0, -1)}x`)).status).toBe(404);
  await runSql(frontdesk.db, "update receipts set expires_at = now() - interval '1 second'");
  const over = await newBrowser(frontdesk).visit(page.url);
  expect([over.status, over.text]).toEqual([404, expect.stringContaining('This receipt is no longer shown')]);
});

test('signing out at Frontdesk shows the receipt too, and activity keeps it', async () => {
  receiver.answerWith(500);
  const { browser } = await signedInAt(called);
  const account = await browser.visit(`${frontdesk.issuer}/account`);
  const page = await account.submit({}, { button: 'form[action="/account/sign-out"] button' });
  expect(page.text).toContain('Called: still trying');
  const wayOn = page.root.querySelector('a.button')!;
  expect([wayOn.text, wayOn.getAttribute('href')]).toEqual(['Sign in again', '/account']);
  expect(await browser.cookie(frontdesk.issuer, 'fd_session')).toBeFalsy();

  const back = await signedInAt(plain);
  const activity = await back.browser.visit(`${frontdesk.issuer}/account/activity`);
  expect(activity.text).toMatch(/Signed out\s+By you, on that device.[^]*Called: still trying/);
});

test('a post-logout redirect leads to registered addresses only', async () => {
  const { browser, hint } = await signedInAt(plain, called);
  for (const uri of ['https://evil.example/', 'http://site-a.localhost:9/other', 'javascript:alert(1)']) {
    const query = `id_token_hint=${hint}&post_logout_redirect_uri=${encodeURIComponent(uri)}`;
    const page = await browser.visit(`${frontdesk.issuer}/oauth/logout?${query}`);
    expect([uri, page.status]).toEqual([uri, 400]);
  }
});

test('a logout request without a session redirects to the app at once', async () => {
  const { id_token: hint } = await tokensFor(frontdesk, newBrowser(frontdesk), plain);
  const back = new URL('/', plain.redirectUri).href;
  const query = new URLSearchParams({ id_token_hint: hint!, post_logout_redirect_uri: back, state: 'as it was' });
  const response = await newBrowser(frontdesk).send(`${frontdesk.issuer}/oauth/logout?${query.toString()}`);
  expect([response.status, response.location]).toEqual([303, `${back}?state=as+it+was`]);
  const page = await newBrowser(frontdesk).visit(`${frontdesk.issuer}/oauth/logout`);
  expect([page.status, page.text]).toEqual([200, expect.stringContaining('You are signed out')]);
});

test('the signed-out page redirects people who are signed in to their account', async () => {
  const address = `${frontdesk.issuer}/oauth/logout/success`;
  expect((await newBrowser(frontdesk).visit(address)).text).toContain('You are signed out');
  const browser = newBrowser(frontdesk);
  await codeFor(browser, authorize(frontdesk, plain));
  expect((await browser.visit(address)).url).toBe(`${frontdesk.issuer}/account`);
});
