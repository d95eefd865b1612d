/** Concurrent requests of one browser: no app is lost, and no ended session comes back. */
import { app, ann, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { runSql } from '../support/database.ts';
import {
  responseParameters,
  authorize,
  codeFor,
  exchange,
  newBrowser,
  refresh,
  signIn,
  type Tokens,
} from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import type { Browser } from '../support/browser.ts';

let one: Frontdesk;
let two: Frontdesk;
let appA: RegisteredApp;
let apps: RegisteredApp[];

beforeAll(async () => {
  one = await startFrontdesk();
  two = await startFrontdesk({ sameDeploymentAs: one });
  await ann(one);
  appA = await siteA(one);
  apps = [];
  for (let index = 0; index < 20; index += 1) apps.push(await app(one, { id: `app-${index}`, isFirstParty: true }));
});

const sessionsOf = async (frontdesk: Frontdesk) =>
  runSql<{ uid: string; authorizations: Record<string, { sid: string }>; ended_at: Date | null }>(
    frontdesk.db,
    'select uid, authorizations, ended_at from sessions order by created_at desc',
  );

/** The same cookies, sent to the other process. */
const atOtherProcess = async (browser: Browser): Promise<Browser> => {
  const other = newBrowser(two, two.port);
  for (const cookie of (await browser.jar.serialize()).cookies) {
    const { key, value, path } = cookie as { key: string; value: string; path: string };
    await other.jar.setCookie(`${key}=${value}; Path=${path}; HttpOnly; SameSite=Lax`, one.issuer);
  }
  return other;
};

test('A05 twenty apps signed in to at once are all in the session, and all their codes work', async () => {
  for (let round = 0; round < 3; round += 1) {
    const browser = newBrowser(one);
    await codeFor(browser, authorize(one, appA));
    const other = await atOtherProcess(browser);
    const requests = apps.map((each) => authorize(one, each));
    const codes = await Promise.all(
      requests.map((request, index) => codeFor(index % 2 === 0 ? browser : other, request)),
    );
    const [session] = await sessionsOf(one);
    expect(Object.keys(session!.authorizations).toSorted()).toEqual([appA, ...apps].map(({ id }) => id).toSorted());
    const responses = await Promise.all(
      apps.map((each, index) => exchange(one, each, { code: codes[index]!, verifier: requests[index]!.verifier })),
    );
    expect(responses.map(({ status }) => status)).toEqual(apps.map(() => 200));
  }
});

test('two tabs of one app that authorize at once both get a working code', async () => {
  for (let round = 0; round < 5; round += 1) {
    const browser = newBrowser(one);
    await codeFor(browser, authorize(one, appA));
    const each = apps[round]!;
    const requests = [authorize(one, each), authorize(one, each)];
    const codes = await Promise.all(requests.map((request) => codeFor(browser, request)));
    for (const [index, code] of codes.entries()) {
      const response = await exchange(one, each, { code, verifier: requests[index]!.verifier });
      expect(response.status).toBe(200);
    }
  }
});

test('A04 and G07 of 50 requests during a sign-out none revives the session, and none answers 5xx', async () => {
  for (let round = 0; round < 2; round += 1) {
    const browser = newBrowser(one);
    await codeFor(browser, authorize(one, appA));
    const [{ uid } = { uid: '' }] = await sessionsOf(one);
    const question = await browser.visit(`${one.issuer}/oauth/logout`);
    const other = await atOtherProcess(browser);
    const flights = Array.from({ length: 50 }, (_, index) =>
      (index % 2 === 0 ? browser : other).send(authorize(one, apps[index % 20]!).url),
    );
    const [page, ...responses] = await Promise.all([question.submit({ logout: 'yes' }), ...flights]);
    expect(responses.filter(({ status }) => status >= 500)).toEqual([]);
    expect(page.text).toContain('You are signed out');
    const session = (await sessionsOf(one)).find((each) => each.uid === uid);
    expect(session?.ended_at).toBeInstanceOf(Date);
    const late = await browser.copy();
    expect((await late.visit(authorize(one, appA).url)).root.querySelector('input[name=login]')).not.toBeNull();
  }
});

test('A04 an interaction resumed after the sign-out does not revive the session', async () => {
  const browser = newBrowser(one);
  await codeFor(browser, authorize(one, appA));
  const stranger = await app(one, { id: 'stranger' });
  const consent = await browser.visit(authorize(one, stranger).url);
  expect(consent.text).toContain('asks for access');
  const thief = await browser.copy();
  await (await browser.visit(`${one.issuer}/oauth/logout`)).submit({ logout: 'yes' });
  const resumed = await thief.visit(consent.url);
  expect(resumed.text).toContain('This page has expired');
  expect((await consent.submit()).text).toContain('This page has expired');
  const again = await thief.visit(authorize(one, appA).url);
  expect(again.root.querySelector('input[name=login]')).not.toBeNull();
});

test('A04 a sign-in that began before the session ended has expired', async () => {
  const browser = newBrowser(one);
  await codeFor(browser, authorize(one, appA));
  const again = await browser.visit(authorize(one, appA, { prompt: 'login' }).url);
  const thief = await browser.copy();
  await (await browser.visit(`${one.issuer}/oauth/logout`)).submit({ logout: 'yes' });
  const action = new URL(again.root.querySelector('form')!.getAttribute('action')!, again.url).href;
  const csrf = again.root.querySelector('input[name=csrf]')!.getAttribute('value')!;
  const page = await thief.visit(action, { form: { login: 'ann', password: 'correct horse battery staple', csrf } });
  expect(page.text).toContain('This page has expired');
});

test('tokens of a session are revoked with it, and those of offline access are not', async () => {
  const browser = newBrowser(one);
  const request = authorize(one, appA);
  const tokens = (
    await exchange(one, appA, { code: await codeFor(browser, request), verifier: request.verifier })
  ).json<Tokens>();
  const stays = authorize(one, apps[0]!, { scope: 'openid offline_access', prompt: 'consent' });
  const offline = (
    await exchange(one, apps[0]!, { code: await codeFor(browser, stays), verifier: stays.verifier })
  ).json<Tokens>();
  // An unused code.
  const unused = authorize(one, apps[1]!);
  const code = await codeFor(browser, unused);
  await (await browser.visit(`${one.issuer}/oauth/logout`)).submit({ logout: 'yes' });

  expect((await refresh(one, appA, tokens.refresh_token!)).status).toBe(400);
  expect((await exchange(one, apps[1]!, { code, verifier: unused.verifier })).status).toBe(400);
  expect((await refresh(one, apps[0]!, offline.refresh_token!)).status).toBe(200);
});

test('signing in again in a second tab keeps the first tab’s apps', async () => {
  const browser = newBrowser(one);
  await codeFor(browser, authorize(one, apps[2]!));
  const page = await browser.visit(authorize(one, apps[3]!, { prompt: 'login' }).url);
  expect(responseParameters(await signIn(page, 'ann'))['code']).toBeTruthy();
  const [session] = await sessionsOf(one);
  expect(Object.keys(session!.authorizations).toSorted()).toEqual(['app-2', 'app-3']);
});

test('a sign-out that loses the race with another one records no second event', async () => {
  const browser = newBrowser(one);
  await codeFor(browser, authorize(one, appA));
  const [{ uid } = { uid: '' }] = await sessionsOf(one);
  const page = await browser.visit(`${one.issuer}/oauth/logout`);
  const others = await browser.copy();
  await (await others.visit(`${one.issuer}/oauth/logout`)).submit({ logout: 'yes' });
  const late = await page.submit({ logout: 'yes' });
  expect([200, 400]).toContain(late.status);
  const ends = await runSql(one.db, `select from audit_events where kind = 'session.ended' and session_uid = '${uid}'`);
  expect(ends).toHaveLength(1);
});
