/** Tests that concurrent requests of one browser lose no app of the session, and revive no ended session. */
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

let firstServer: Frontdesk;
let secondServer: Frontdesk;
let appA: RegisteredApp;
let apps: RegisteredApp[];

beforeAll(async () => {
  firstServer = await startFrontdesk();
  secondServer = await startFrontdesk({ sameDeploymentAs: firstServer });
  await ann(firstServer);
  appA = await siteA(firstServer);
  apps = [];
  for (let index = 0; index < 20; index += 1)
    apps.push(await app(firstServer, { id: `app-${index}`, isFirstParty: true }));
});

/** All sessions, the newest first. */
const sessionsOf = async (frontdesk: Frontdesk) =>
  runSql<{ uid: string; authorizations: Record<string, { sid: string }>; ended_at: Date | null }>(
    frontdesk.db,
    'select uid, authorizations, ended_at from sessions order by created_at desc',
  );

/** A browser with the same cookies that sends its requests to the other process. */
const atOtherProcess = async (browser: Browser): Promise<Browser> => {
  const other = newBrowser(secondServer, secondServer.port);
  for (const cookie of (await browser.jar.serialize()).cookies) {
    const { key, value, path } = cookie as { key: string; value: string; path: string };
    await other.jar.setCookie(`${key}=${value}; Path=${path}; HttpOnly; SameSite=Lax`, firstServer.issuer);
  }
  return other;
};

test('A05 after concurrent sign-ins at twenty apps the session has all of them, and all their codes work', async () => {
  for (let round = 0; round < 3; round += 1) {
    const browser = newBrowser(firstServer);
    await codeFor(browser, authorize(firstServer, appA));
    const other = await atOtherProcess(browser);
    const requests = apps.map((each) => authorize(firstServer, each));
    const codes = await Promise.all(
      requests.map((request, index) => codeFor(index % 2 === 0 ? browser : other, request)),
    );
    const [session] = await sessionsOf(firstServer);
    expect(Object.keys(session!.authorizations).toSorted()).toEqual([appA, ...apps].map(({ id }) => id).toSorted());
    const responses = await Promise.all(
      apps.map((each, index) =>
        exchange(firstServer, each, { code: codes[index]!, verifier: requests[index]!.verifier }),
      ),
    );
    expect(responses.map(({ status }) => status)).toEqual(apps.map(() => 200));
  }
});

test('two tabs of one app that authorize at once both get a working code', async () => {
  for (let round = 0; round < 5; round += 1) {
    const browser = newBrowser(firstServer);
    await codeFor(browser, authorize(firstServer, appA));
    const each = apps[round]!;
    const requests = [authorize(firstServer, each), authorize(firstServer, each)];
    const codes = await Promise.all(requests.map((request) => codeFor(browser, request)));
    for (const [index, code] of codes.entries()) {
      const response = await exchange(firstServer, each, { code, verifier: requests[index]!.verifier });
      expect(response.status).toBe(200);
    }
  }
});

test('A04 and G07 none of 50 requests during a sign-out revives the session or gets a 5xx response', async () => {
  for (let round = 0; round < 2; round += 1) {
    const browser = newBrowser(firstServer);
    await codeFor(browser, authorize(firstServer, appA));
    const [{ uid } = { uid: '' }] = await sessionsOf(firstServer);
    const logoutPage = await browser.visit(`${firstServer.issuer}/oauth/logout`);
    const other = await atOtherProcess(browser);
    const requests = Array.from({ length: 50 }, (_, index) =>
      (index % 2 === 0 ? browser : other).send(authorize(firstServer, apps[index % 20]!).url),
    );
    const [page, ...responses] = await Promise.all([logoutPage.submit({ logout: 'yes' }), ...requests]);
    expect(responses.filter(({ status }) => status >= 500)).toEqual([]);
    expect(page.text).toContain('You are signed out');
    const session = (await sessionsOf(firstServer)).find((each) => each.uid === uid);
    expect(session?.ended_at).toBeInstanceOf(Date);
    const afterwards = await browser.copy();
    expect(
      (await afterwards.visit(authorize(firstServer, appA).url)).root.querySelector('input[name=login]'),
    ).not.toBeNull();
  }
});

test('A04 an interaction that is resumed after the sign-out does not revive the session', async () => {
  const browser = newBrowser(firstServer);
  await codeFor(browser, authorize(firstServer, appA));
  const thirdPartyApp = await app(firstServer, { id: 'third-party' });
  const consentPage = await browser.visit(authorize(firstServer, thirdPartyApp).url);
  expect(consentPage.text).toContain('asks for access');
  const copy = await browser.copy();
  await (await browser.visit(`${firstServer.issuer}/oauth/logout`)).submit({ logout: 'yes' });
  const resumed = await copy.visit(consentPage.url);
  expect(resumed.text).toContain('This page has expired');
  expect((await consentPage.submit()).text).toContain('This page has expired');
  const next = await copy.visit(authorize(firstServer, appA).url);
  expect(next.root.querySelector('input[name=login]')).not.toBeNull();
});

test('A04 an interaction that began before the session ended accepts no password afterwards', async () => {
  const browser = newBrowser(firstServer);
  await codeFor(browser, authorize(firstServer, appA));
  const signInPage = await browser.visit(authorize(firstServer, appA, { prompt: 'login' }).url);
  const copy = await browser.copy();
  await (await browser.visit(`${firstServer.issuer}/oauth/logout`)).submit({ logout: 'yes' });
  const action = new URL(signInPage.root.querySelector('form')!.getAttribute('action')!, signInPage.url).href;
  const csrf = signInPage.root.querySelector('input[name=csrf]')!.getAttribute('value')!;
  const page = await copy.visit(action, { form: { login: 'ann', password: 'correct horse battery staple', csrf } });
  expect(page.text).toContain('This page has expired');
});

test('the end of a session revokes its tokens and codes, but no refresh token of offline access', async () => {
  const browser = newBrowser(firstServer);
  const request = authorize(firstServer, appA);
  const tokens = (
    await exchange(firstServer, appA, { code: await codeFor(browser, request), verifier: request.verifier })
  ).json<Tokens>();
  const offlineRequest = authorize(firstServer, apps[0]!, { scope: 'openid offline_access', prompt: 'consent' });
  const offlineCode = await codeFor(browser, offlineRequest);
  const offline = (
    await exchange(firstServer, apps[0]!, { code: offlineCode, verifier: offlineRequest.verifier })
  ).json<Tokens>();
  const unused = authorize(firstServer, apps[1]!);
  const unusedCode = await codeFor(browser, unused);
  await (await browser.visit(`${firstServer.issuer}/oauth/logout`)).submit({ logout: 'yes' });

  expect((await refresh(firstServer, appA, tokens.refresh_token!)).status).toBe(400);
  expect((await exchange(firstServer, apps[1]!, { code: unusedCode, verifier: unused.verifier })).status).toBe(400);
  expect((await refresh(firstServer, apps[0]!, offline.refresh_token!)).status).toBe(200);
});

test('when a person signs in again in a second tab, the session keeps the apps of the first tab', async () => {
  const browser = newBrowser(firstServer);
  await codeFor(browser, authorize(firstServer, apps[2]!));
  const page = await browser.visit(authorize(firstServer, apps[3]!, { prompt: 'login' }).url);
  expect(responseParameters(await signIn(page, 'ann'))['code']).toBeTruthy();
  const [session] = await sessionsOf(firstServer);
  expect(Object.keys(session!.authorizations).toSorted()).toEqual(['app-2', 'app-3']);
});

test('two sign-outs of one session record one event', async () => {
  const browser = newBrowser(firstServer);
  await codeFor(browser, authorize(firstServer, appA));
  const [{ uid } = { uid: '' }] = await sessionsOf(firstServer);
  const firstPage = await browser.visit(`${firstServer.issuer}/oauth/logout`);
  const copy = await browser.copy();
  await (await copy.visit(`${firstServer.issuer}/oauth/logout`)).submit({ logout: 'yes' });
  const second = await firstPage.submit({ logout: 'yes' });
  expect([200, 400]).toContain(second.status);
  const events = await runSql(
    firstServer.db,
    `select from audit_events where kind = 'session.ended' and session_uid = '${uid}'`,
  );
  expect(events).toHaveLength(1);
});
