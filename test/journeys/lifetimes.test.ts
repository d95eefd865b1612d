/** Lifetimes of sessions and refresh tokens: by policy and by client. */
import { setTimeout as sleep } from 'node:timers/promises';
import { setPolicy } from '../../src/policy/set-policy.ts';
import { ann, app, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { runSql } from '../support/database.ts';
import { authorize, codeFor, exchange, newBrowser, refresh, tokensFor, type Tokens } from '../support/flow.ts';
import { becomes } from '../support/eventually.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import type { Browser } from '../support/browser.ts';

let frontdesk: Frontdesk;
let appA: RegisteredApp;
const day = 24 * 60 * 60;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await ann(frontdesk);
  appA = await siteA(frontdesk);
});

async function signIn(remember: boolean): Promise<Browser> {
  const browser = newBrowser(frontdesk);
  const form = await browser.visit(authorize(frontdesk, appA).url);
  await form.submit({ login: 'ann', password: 'correct horse battery staple', ...(remember && { remember: 'yes' }) });
  return browser;
}
const newest = async () => {
  const [row] = await runSql<{ uid: string; seconds: number; is_transient: boolean }>(
    frontdesk.db,
    `select uid, is_transient, extract(epoch from expires_at - now())::int as seconds from sessions
      order by created_at desc limit 1`,
  );
  return row!;
};
const isIn = async (browser: Browser) =>
  (await browser.send(authorize(frontdesk, appA).url)).location!.includes('code=');
const cookieEnds = async (browser: Browser) =>
  (await browser.jar.getCookies(frontdesk.issuer)).find(({ key }) => key === 'fd_session')?.expires;

test('without "Keep me signed in" the session ends with the browser, or after 12 hours', async () => {
  const browser = await signIn(false);
  expect(await cookieEnds(browser)).toBe('Infinity');
  const { seconds, is_transient: isTransient } = await newest();
  expect([isTransient, Math.round(seconds / 3600)]).toEqual([true, 12]);
});

test('with "Keep me signed in" a session lasts for 14 days, also when it is asked for at a later sign-in', async () => {
  const browser = await signIn(true);
  expect(await cookieEnds(browser)).toBeInstanceOf(Date);
  expect(Math.round((await newest()).seconds / day)).toBe(14);
  const brief = await signIn(false);
  const form = await brief.visit(authorize(frontdesk, appA, { prompt: 'login' }).url);
  await form.submit({ login: 'ann', password: 'correct horse battery staple', remember: 'yes' });
  const { seconds, is_transient: isTransient } = await newest();
  expect([isTransient, Math.round(seconds / day)]).toEqual([false, 14]);
});

test('A06 a session ends to the second when it was not used for the idle time', async () => {
  const browser = await signIn(true);
  const { uid } = await newest();
  const shift = (seconds: number) =>
    runSql(frontdesk.db, `update sessions set expires_at = now() + interval '${seconds} seconds' where uid = '${uid}'`);
  await shift(60);
  expect(await isIn(browser)).toBe(true);
  // Use restarts the idle time.
  expect(Math.round((await newest()).seconds / day)).toBe(14);
  await shift(-1);
  expect(await isIn(browser)).toBe(false);
});

test('A06 a session that is used all the time ends after the absolute time', async () => {
  const browser = await signIn(true);
  const { uid } = await newest();
  const signedIn = (days: number) =>
    runSql(frontdesk.db, `update sessions set signed_in_at = now() - interval '${days} days' where uid = '${uid}'`);
  await signedIn(29);
  expect(await isIn(browser)).toBe(true);
  expect(Math.round((await newest()).seconds / day)).toBe(1);
  await signedIn(31);
  await browser.send(authorize(frontdesk, appA).url);
  expect((await newest()).seconds).toBeLessThanOrEqual(1);
  // The clock passes its end.
  await sleep(1_100);
  expect(await isIn(browser)).toBe(false);
});

test('a changed policy applies without a restart', async () => {
  const idleMinutes = async () => {
    await signIn(true);
    return Math.round((await newest()).seconds / 60);
  };
  await setPolicy(frontdesk.db, 'session_idle', '1h', 'command-line');
  await becomes(idleMinutes, 60);
  await setPolicy(frontdesk.db, 'session_idle', '14d', 'command-line');
  await becomes(idleMinutes, 14 * 24 * 60);
});

describe('B08 refreshing', () => {
  const seconds = async () => {
    const [row] = await runSql<{ left: number }>(
      frontdesk.db,
      `select (payload ->> 'exp')::int - extract(epoch from now())::int as left from artifacts
        where kind = 'RefreshToken' order by created_at desc limit 1`,
    );
    return row!.left;
  };
  const age = (days: number) =>
    runSql(
      frontdesk.db,
      `update artifacts set payload = payload || jsonb_build_object('iiat',
        extract(epoch from now() - interval '${days} days')::int) where kind = 'RefreshToken'`,
    );

  test('restarts the idle time, up to the absolute time', async () => {
    const tokens = await tokensFor(frontdesk, await signIn(true), appA);
    expect(Math.round((await seconds()) / day)).toBe(14);
    await age(80);
    const next = (await refresh(frontdesk, appA, tokens.refresh_token!)).json<Tokens>();
    expect(Math.round((await seconds()) / day)).toBe(10);
    await age(91);
    const last = (await refresh(frontdesk, appA, next.refresh_token!)).json<Tokens>();
    expect(await seconds()).toBeLessThanOrEqual(1);
    // The clock passes its end.
    await sleep(1_100);
    expect((await refresh(frontdesk, appA, last.refresh_token!)).json()).toMatchObject({ error: 'invalid_grant' });
  });

  test('may be shorter for one client', async () => {
    const short = await app(frontdesk, {
      id: 'short',
      isFirstParty: true,
      refreshIdleSeconds: 120,
      refreshAbsoluteSeconds: 300,
    });
    const request = authorize(frontdesk, short);
    const code = await codeFor(await signIn(true), request);
    const tokens = (await exchange(frontdesk, short, { code, verifier: request.verifier })).json<Tokens>();
    expect(await seconds()).toBeGreaterThan(60);
    expect(await seconds()).toBeLessThanOrEqual(120);
    await runSql(
      frontdesk.db,
      `update artifacts set payload = payload || jsonb_build_object('iiat', extract(epoch from now())::int - 250)
        where kind = 'RefreshToken' and client_id = 'short'`,
    );
    await refresh(frontdesk, short, tokens.refresh_token!);
    expect(await seconds()).toBeLessThanOrEqual(50);
  });
});

describe('refresh in two tabs', () => {
  test.each([0, 50, 500])('%i ms apart signs nobody out', async (milliseconds) => {
    const tokens = await tokensFor(frontdesk, await signIn(true), appA);
    const later = sleep(milliseconds);
    const responses = await Promise.all([
      refresh(frontdesk, appA, tokens.refresh_token!),
      later.then(() => refresh(frontdesk, appA, tokens.refresh_token!)),
    ]);
    for (const response of responses) {
      expect(response.status).toBe(200);
      expect((await refresh(frontdesk, appA, response.json<Tokens>().refresh_token!)).status).toBe(200);
    }
  });
});
