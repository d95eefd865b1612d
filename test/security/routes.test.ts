/** Requirements of README.md beside this file: A09, E01, F06. Tests every route of `web/index.ts` without a session, from another origin and in other spellings. */
import { listRoutes } from '../../src/web/index.ts';
import type { Services } from '../../src/web/services.ts';
import type { SignOut } from '../../src/web/sign-out/sign-out.ts';
import { sendRequest } from '../support/browser.ts';
import { ann, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { authorize, codeFor, newBrowser } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { withRegistration } from '../support/registration.ts';

const protocol = { hasClientRegistration: true, isConformance: false };
const options = {
  trustedProxies: 0,
  rateLimitFactor: 1,
  readiness: { isDraining: false },
  protocol,
  overload: { concurrency: 1 },
};
// Only the paths and guards are read here; the handlers are never called.
const routes = listRoutes({ issuer: 'http://idp.localhost' } as Services, options, {} as SignOut).map((route) => ({
  ...route,
  name: `${route.method} ${route.path}`,
  path: route.path.replaceAll(/:\w+/g, 'x'),
}));
const guarded = (guard: string) => routes.filter((route) => route.guard === guard);
const writes = routes.filter(({ method, guard }) => method === 'POST' && guard !== 'bearer');

let frontdesk: Frontdesk;
let appA: RegisteredApp;

beforeAll(async () => {
  frontdesk = await startFrontdesk({ settings: withRegistration });
  await ann(frontdesk);
  appA = await siteA(frontdesk);
});

const send = (method: string, path: string, headers: Record<string, string> = {}) =>
  sendRequest(`${frontdesk.issuer}${path}`, { method, headers, ...(method === 'GET' ? {} : { form: { csrf: 'x' } }) });

test.each(guarded('account'))('E01 $name redirects to sign-in without a session', async ({ method, path }) => {
  const response = await send(method, path, method === 'GET' ? {} : { origin: frontdesk.issuer });
  expect([response.status, new URL(response.location!).pathname]).toEqual([303, '/oauth/authorize']);
});

test.each(guarded('interaction'))('E01 $name is refused without the interaction', async (route) => {
  const response = await send(route.method, route.path, route.method === 'GET' ? {} : { origin: frontdesk.issuer });
  expect(response.status).toBe(400);
});

test.each(guarded('bearer'))('E01 $name requires a bearer token', async ({ method, path }) => {
  const response = await send(method, path);
  expect([response.status, response.headers['www-authenticate']]).toEqual([401, expect.stringContaining('Bearer')]);
});

test.each(writes)('A09 $name refuses requests of another site', async ({ method, path }) => {
  const browser = newBrowser(frontdesk);
  await codeFor(browser, authorize(frontdesk, appA));
  const crossSiteHeaders: Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { 'sec-fetch-site': 'cross-site' },
  ];
  for (const headers of crossSiteHeaders) {
    const response = await browser.send(`${frontdesk.issuer}${path}`, { method, headers, form: { csrf: 'x' } });
    expect(response.status).toBe(403);
  }
});

test.each(routes)('F06 $name is not found under another spelling', async ({ method, path }) => {
  for (const spelling of [
    `/${path}`,
    `${path}/`,
    path.replace(/^\/(\w)/, (_all, first: string) => `/%${first.charCodeAt(0).toString(16)}`),
  ]) {
    if (spelling === path || spelling === '//') continue;
    expect([spelling, (await send(method, spelling)).status]).toEqual([spelling, 404]);
  }
});
