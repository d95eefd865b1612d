/** Tests the lifetimes of sessions and refresh tokens, which policy and client metadata set. */
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
const daySeconds = 24 * 60 * 60;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await ann(frontdesk);
  appA = await siteA(frontdesk);
});

/** Signs in with a new browser. @param keepsSignedIn whether to tick "Keep me signed in" */
async function signIn(keepsSignedIn: boolean): Promise<Browser> {
  const browser = newBrowser(frontdesk);
  const form = await browser.visit(authorize(frontdesk, appA).url);
  await form.submit({
    login: 'ann',
    password: 'correct horse battery staple',
    ...(keepsSignedIn && { remember: 'yes' }),
  });
  return browser;
}

/** The newest session. */
const newestSession = async () => {
  const [row] = await runSql<{ uid: string; seconds: number; is_transient: boolean }>(
    frontdesk.db,
    `select uid, is_transient, extract(epoch from expires_at - now())::int as seconds from sessions
      order by created_at desc limit 1`,
  );
  return row!;
};

/** Whether the browser gets a code without a page. */
const isSignedIn = async (browser: Browser) =>
  (await browser.send(authorize(frontdesk, appA).url)).location!.includes('code=');

/** The expiry of the session cookie; 'Infinity' when the browser deletes it on exit. */
const cookieExpiry = async (browser: Browser) =>
  (await browser.jar.getCookies(frontdesk.issuer)).find(({ key }) => key === 'fd_session')?.expires;

test('without "Keep me signed in" the session ends when the browser closes, or after 12 hours', async () => {
  const browser = await signIn(false);
  expect(await cookieExpiry(browser)).toBe('Infinity');
  const { seconds, is_transient: isTransient } = await newestSession();
  expect([isTransient, Math.round(seconds / 3600)]).toEqual([true, 12]);
});

test('with "Keep me signed in" a session lasts for 14 days, also when a later sign-in ticks it', async () => {
  const browser = await signIn(true);
  expect(await cookieExpiry(browser)).toBeInstanceOf(Date);
  expect(Math.round((await newestSession()).seconds / daySeconds)).toBe(14);
  const transientBrowser = await signIn(false);
  const form = await transientBrowser.visit(authorize(frontdesk, appA, { prompt: 'login' }).url);
  await form.submit({ login: 'ann', password: 'correct horse battery staple', remember: 'yes' });
  const { seconds, is_transient: isTransient } = await newestSession();
  expect([isTransient, Math.round(seconds / daySeconds)]).toEqual([false, 14]);
});

test('A06 a session ends when its idle time is over, to the second', async () => {
  const browser = await signIn(true);
  const { uid } = await newestSession();
  const expireIn = (seconds: number) =>
    runSql(frontdesk.db, `update sessions set expires_at = now() + interval '${seconds} seconds' where uid = '${uid}'`);
  await expireIn(60);
  expect(await isSignedIn(browser)).toBe(true);
  // The request has restarted the idle time.
  expect(Math.round((await newestSession()).seconds / daySeconds)).toBe(14);
  await expireIn(-1);
  expect(await isSignedIn(browser)).toBe(false);
});

test('the time of a session that is in use is written once a minute, its address and browser at once', async () => {
  const browser = await signIn(true);
  const { uid } = await newestSession();
  const setSeenSecondsAgo = (seconds: number) =>
    runSql(
      frontdesk.db,
      `update sessions set last_seen_at = last_seen_at - interval '${seconds} seconds' where uid = '${uid}'`,
    );
  const isWritten = async (headers = {}) => {
    const read = () =>
      runSql<{ version: string }>(frontdesk.db, `select xmin::text as version from sessions where uid = '${uid}'`);
    const [before] = await read();
    const response = await browser.send(authorize(frontdesk, appA).url, { headers });
    expect(response.location).toContain('code=');
    return (await read())[0]!.version !== before!.version;
  };
  expect(await isWritten()).toBe(false);
  await setSeenSecondsAgo(60);
  expect(await isWritten()).toBe(true);
  expect(await isWritten()).toBe(false);
  expect(await isWritten({ 'user-agent': 'another browser' })).toBe(true);
  expect(await isWritten({ 'user-agent': 'another browser' })).toBe(false);
});

test('A06 a session that stays in use ends when its absolute time is over', async () => {
  const browser = await signIn(true);
  const { uid } = await newestSession();
  const setSignedInDaysAgo = (days: number) =>
    runSql(frontdesk.db, `update sessions set signed_in_at = now() - interval '${days} days' where uid = '${uid}'`);
  await setSignedInDaysAgo(29);
  expect(await isSignedIn(browser)).toBe(true);
  expect(Math.round((await newestSession()).seconds / daySeconds)).toBe(1);
  await setSignedInDaysAgo(31);
  await browser.send(authorize(frontdesk, appA).url);
  expect((await newestSession()).seconds).toBeLessThanOrEqual(1);
  // The session has up to a second left.
  await sleep(1_100);
  expect(await isSignedIn(browser)).toBe(false);
});

test('a policy that changes applies without a restart', async () => {
  const idleMinutes = async () => {
    await signIn(true);
    return Math.round((await newestSession()).seconds / 60);
  };
  await setPolicy(frontdesk.db, 'session_idle', '1h', 'command-line');
  await becomes(idleMinutes, 60);
  await setPolicy(frontdesk.db, 'session_idle', '14d', 'command-line');
  await becomes(idleMinutes, 14 * 24 * 60);
});

describe('B08 the lifetime of a refresh token', () => {
  /** How many seconds the newest refresh token is valid for. */
  const secondsLeft = async () => {
    const [row] = await runSql<{ left: number }>(
      frontdesk.db,
      `select (payload ->> 'exp')::int - extract(epoch from now())::int as left from artifacts
        where kind = 'RefreshToken' order by created_at desc limit 1`,
    );
    return row!.left;
  };
  /** Sets when the token families began (`iiat`). */
  const setFamilyAge = (days: number) =>
    runSql(
      frontdesk.db,
      `update artifacts set payload = payload || jsonb_build_object('iiat',
        extract(epoch from now() - interval '${days} days')::int) where kind = 'RefreshToken'`,
    );

  test('restarts with each refresh, up to the absolute time of the family', async () => {
    const tokens = await tokensFor(frontdesk, await signIn(true), appA);
    expect(Math.round((await secondsLeft()) / daySeconds)).toBe(14);
    await setFamilyAge(80);
    const next = (await refresh(frontdesk, appA, tokens.refresh_token!)).json<Tokens>();
    expect(Math.round((await secondsLeft()) / daySeconds)).toBe(10);
    await setFamilyAge(91);
    const last = (await refresh(frontdesk, appA, next.refresh_token!)).json<Tokens>();
    expect(await secondsLeft()).toBeLessThanOrEqual(1);
    // The token has up to a second left.
    await sleep(1_100);
    expect((await refresh(frontdesk, appA, last.refresh_token!)).json()).toMatchObject({ error: 'invalid_grant' });
  });

  test('is shorter for a client that is registered so', async () => {
    const shortApp = await app(frontdesk, {
      id: 'short',
      isFirstParty: true,
      refreshIdleSeconds: 120,
      refreshAbsoluteSeconds: 300,
    });
    const request = authorize(frontdesk, shortApp);
    const code = await codeFor(await signIn(true), request);
    const tokens = (await exchange(frontdesk, shortApp, { code, verifier: request.verifier })).json<Tokens>();
    expect(await secondsLeft()).toBeGreaterThan(60);
    expect(await secondsLeft()).toBeLessThanOrEqual(120);
    await runSql(
      frontdesk.db,
      `update artifacts set payload = payload || jsonb_build_object('iiat', extract(epoch from now())::int - 250)
        where kind = 'RefreshToken' and client_id = 'short'`,
    );
    await refresh(frontdesk, shortApp, tokens.refresh_token!);
    expect(await secondsLeft()).toBeLessThanOrEqual(50);
  });
});

describe('two tabs that use one refresh token', () => {
  test.each([0, 50, 500])('%i ms apart both get tokens that work', async (milliseconds) => {
    const tokens = await tokensFor(frontdesk, await signIn(true), appA);
    const pause = sleep(milliseconds);
    const responses = await Promise.all([
      refresh(frontdesk, appA, tokens.refresh_token!),
      pause.then(() => refresh(frontdesk, appA, tokens.refresh_token!)),
    ]);
    for (const response of responses) {
      expect(response.status).toBe(200);
      expect((await refresh(frontdesk, appA, response.json<Tokens>().refresh_token!)).status).toBe(200);
    }
  });
});
