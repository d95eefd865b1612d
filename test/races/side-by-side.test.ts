/**
 * Tests that concurrent requests of one browser to two processes get no 5xx response (requirement G07).
 * `REQUESTS=10000 npm test -- side-by-side` sends more of them.
 */
import { app, ann, ben, type RegisteredApp } from '../support/people-and-apps.ts';
import { authorize, codeFor, newBrowser, signIn } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import type { HttpResponse, Browser } from '../support/browser.ts';

const requests = Number(process.env['REQUESTS'] ?? 400);
const atOnce = 20;

let firstServer: Frontdesk;
let secondServer: Frontdesk;
let apps: RegisteredApp[];
let thirdPartyApps: RegisteredApp[];

beforeAll(async () => {
  firstServer = await startFrontdesk({ settings: { RATE_LIMIT_FACTOR: '1000' } });
  secondServer = await startFrontdesk({ sameDeploymentAs: firstServer, settings: { RATE_LIMIT_FACTOR: '1000' } });
  await ann(firstServer);
  await ben(firstServer);
  apps = await Promise.all([1, 2, 3, 4].map((n) => app(firstServer, { id: `app-${n}`, isFirstParty: true })));
  thirdPartyApps = await Promise.all([1, 2].map((n) => app(firstServer, { id: `third-party-${n}` })));
});

/** The browser, and one with the same cookies that sends its requests to the other process. */
async function onBoth(browser: Browser): Promise<Browser[]> {
  const other = newBrowser(secondServer, secondServer.port);
  for (const cookie of (await browser.jar.serialize()).cookies) {
    const { key, value, path } = cookie as { key: string; value: string; path: string };
    await other.jar.setCookie(`${key}=${value}; Path=${path}; HttpOnly; SameSite=Lax`, firstServer.issuer);
  }
  return [browser, other];
}

/** Sends one request or a few, as a tab does. */
type Send = (browser: Browser, index: number) => Promise<HttpResponse>;

const scopes = ['openid', 'openid profile', 'openid email', 'openid profile email phone'];

/** The requests that tabs of one browser send; the last one signs out. */
const requestsOf = (isSignedIn: boolean): Send[] => [
  // Authorization requests: the first, a repeated one, one with more scopes, and one that needs consent.
  (browser, index) => browser.visit(authorize(firstServer, apps[index % 4]!, { scope: scopes[index % 3]! }).url),
  (browser) => browser.visit(authorize(firstServer, apps[0]!).url),
  (browser, index) => browser.visit(authorize(firstServer, apps[0]!, { scope: scopes[index % 4]! }).url),
  (browser, index) => browser.visit(authorize(firstServer, thirdPartyApps[index % 2]!, { prompt: 'consent' }).url),
  async (browser, index) => {
    const page = await browser.visit(
      authorize(firstServer, thirdPartyApps[index % 2]!, { scope: scopes[index % 4]! }).url,
    );
    return page.root.querySelector('.permissions') ? page.submit() : page;
  },
  (browser) => browser.visit(`${firstServer.issuer}/account`),
  async (browser) => {
    const page = await browser.visit(`${firstServer.issuer}/oauth/logout?client_id=${apps[1]!.id}`);
    // Signs out of that app alone; the session continues under a new id.
    return page.root.querySelector('input[name=xsrf]') ? page.submit({}, { button: '' }) : page;
  },
  async (browser, index) => {
    const page = await browser.visit(authorize(firstServer, apps[index % 4]!, { prompt: 'login' }).url);
    return page.root.querySelector('input[name=login]') && index % 5 === 0 ? signIn(page, 'ann') : page;
  },
  async (browser) => {
    const page = await browser.visit(`${firstServer.issuer}/oauth/logout`);
    const button = isSignedIn && page.root.querySelector('[name=logout]');
    return button ? page.submit({}, { button: '[name=logout]' }) : page;
  },
];

test(`G07 none of ${requests} requests, ${atOnce} at once, gets a 5xx response`, async () => {
  const countByStatus: Record<number, number> = {};
  const faults: string[] = [];
  for (let sent = 0; sent < requests; sent += atOnce) {
    const round = sent / atOnce;
    const browser = newBrowser(firstServer);
    // The browser is signed out, signed in, or signs out while the other requests are under way.
    const isSignedIn = round % 4 !== 0;
    if (isSignedIn) await codeFor(browser, authorize(firstServer, apps[round % 4]!));
    const both = await onBoth(browser);
    const kinds = requestsOf(isSignedIn).slice(0, round % 3 === 0 ? undefined : -1);
    const responses = await Promise.all(
      Array.from({ length: atOnce }, (_, index) => kinds[(index + round) % kinds.length]!(both[index % 2]!, index)),
    );
    for (const { status, url, body } of responses) {
      countByStatus[status] = (countByStatus[status] ?? 0) + 1;
      if (status >= 500) faults.push(`${status} ${new URL(url).pathname} ${body.slice(0, 200)}`);
    }
    if (round % 10 === 0) expect(await codeFor(newBrowser(firstServer), authorize(firstServer, apps[0]!))).toBeTruthy();
  }
  if (requests > 1_000) process.stderr.write(`${JSON.stringify(countByStatus)}\n`);
  expect(faults).toEqual([]);
  expect([...firstServer.logged, ...secondServer.logged].filter((line) => line.includes('"level":"error"'))).toEqual(
    [],
  );
}, 1_800_000);
