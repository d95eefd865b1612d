/** Requirements of README.md beside this file: A08, A09, A14, B21, E07. Tests that forms are accepted only from pages of Frontdesk, and where they redirect. */
import { ann, app, notesApi, siteA, siteB, type RegisteredApp } from '../support/people-and-apps.ts';
import { dumpWithoutJobs, runSql } from '../support/database.ts';
import { responseParameters, authorize, codeFor, newBrowser } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import type { Browser } from '../support/browser.ts';

let frontdesk: Frontdesk;
let appA: RegisteredApp;
let appB: RegisteredApp;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await notesApi(frontdesk);
  await ann(frontdesk);
  appA = await siteA(frontdesk);
  appB = await siteB(frontdesk);
});

const sessionCookie = (browser: Browser) => browser.cookie(frontdesk.issuer, 'fd_session');

/** Requests by which another site could make a browser send a form of Frontdesk. */
const crossSiteHeaders: [string, Record<string, string>][] = [
  ['from another origin', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
  ['from another origin, by an old browser', { origin: 'https://evil.example', 'sec-fetch-site': '' }],
  ['from a page without an origin', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
  ['from a subdomain', { 'sec-fetch-site': 'same-site' }],
  ['as text/plain', { 'content-type': 'text/plain' }],
  ['as JSON', { 'content-type': 'application/json' }],
];

/** All rows, without the jobs, the audit log and the counters of rate limits, which change with refused requests. */
const dumpRows = async () =>
  (await dumpWithoutJobs(frontdesk.db)).replace(/-- public\.(rate_limits|audit_events\w*)\n[^]*?(?=-- \w+\.|$)/g, '');

describe('A08 the sign-in form', () => {
  test.each(crossSiteHeaders)('sent %s signs nobody in and changes no row', async (_how, headers) => {
    const browser = newBrowser(frontdesk);
    const form = await browser.visit(authorize(frontdesk, appA).url);
    const rowsBefore = await dumpRows();
    const response = await form.submit({ login: 'ann', password: 'correct horse battery staple' }, { headers });
    expect(response.status).toBe(403);
    expect(await sessionCookie(browser)).toBeUndefined();
    expect(await dumpRows()).toBe(rowsBefore);
  });

  test.each([
    ['without a CSRF token', async () => ''],
    [
      'with the CSRF token of another interaction',
      async (browser: Browser) =>
        (await browser.visit(authorize(frontdesk, appA).url)).root
          .querySelector('input[name=csrf]')!
          .getAttribute('value')!,
    ],
    [
      'with the CSRF token of another browser',
      async () =>
        (await newBrowser(frontdesk).visit(authorize(frontdesk, appA).url)).root
          .querySelector('input[name=csrf]')!
          .getAttribute('value')!,
    ],
  ])('%s signs nobody in', async (_how, readToken) => {
    const browser = newBrowser(frontdesk);
    const form = await browser.visit(authorize(frontdesk, appA).url);
    const csrf = await readToken(browser);
    const response = await form.submit({ login: 'ann', password: 'correct horse battery staple', csrf });
    expect(response.status).toBe(403);
    expect(response.text).toContain('This form is not the one we gave this browser');
    expect(await sessionCookie(browser)).toBeUndefined();
  });
});

describe('A09 forms of an interaction', () => {
  const consentPage = async (browser: Browser) => {
    await codeFor(browser, authorize(frontdesk, appA));
    return browser.visit(authorize(frontdesk, appB, { prompt: 'consent' }).url);
  };

  test.each(crossSiteHeaders)('a consent sent %s changes no row', async (_how, headers) => {
    const page = await consentPage(newBrowser(frontdesk));
    const rowsBefore = await dumpRows();
    expect((await page.submit({}, { headers })).status).toBe(403);
    expect(await dumpRows()).toBe(rowsBefore);
  });

  test('a consent without a CSRF token changes no row', async () => {
    const page = await consentPage(newBrowser(frontdesk));
    const rowsBefore = await dumpRows();
    expect((await page.submit({ csrf: '' })).status).toBe(403);
    expect(await dumpRows()).toBe(rowsBefore);
  });

  test('the sign-out form needs its CSRF token', async () => {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, appA));
    const page = await browser.visit(`${frontdesk.issuer}/oauth/logout`);
    expect((await page.submit({ logout: 'yes', xsrf: 'guessed' })).status).toBe(400);
    expect(responseParameters(await browser.visit(authorize(frontdesk, appA).url))['code']).toBeTruthy();
  });

  test('a cancellation needs the CSRF token of the form', async () => {
    const page = await newBrowser(frontdesk).visit(authorize(frontdesk, appA).url);
    const cancel = { button: '[data-action=cancel]' };
    expect((await page.submit({ csrf: 'guessed' }, cancel)).status).toBe(403);
    expect(responseParameters(await page.submit({}, cancel))['error']).toBe('access_denied');
  });

  test('a person cannot consent before signing in', async () => {
    const thirdPartyApp = await app(frontdesk, { id: 'third', name: 'Third' });
    const browser = newBrowser(frontdesk);
    const page = await browser.visit(authorize(frontdesk, thirdPartyApp).url);
    const csrf = page.root.querySelector('input[name=csrf]')!.getAttribute('value')!;
    const { pathname } = new URL(page.url);
    const response = await browser.send(`${frontdesk.issuer}${pathname}/consent`, { form: { csrf } });
    expect(response.status).toBe(400);
    expect(await runSql(frontdesk.db, 'select from consents')).toEqual([]);
  });
});

test('B21 the response to a submitted form has status 303', async () => {
  const browser = newBrowser(frontdesk);
  const form = await browser.visit(authorize(frontdesk, appA).url);
  const csrf = form.root.querySelector('input[name=csrf]')!.getAttribute('value')!;
  const action = new URL(form.root.querySelector('form')!.getAttribute('action')!, form.url).href;
  const response = await browser.send(action, {
    form: { csrf, login: 'ann', password: 'correct horse battery staple' },
  });
  expect(response.status).toBe(303);
  expect((await browser.send(response.location!)).status).toBe(303);
  const confirmationPage = await browser.visit(`${frontdesk.issuer}/oauth/logout`);
  const xsrf = confirmationPage.root.querySelector('input[name=xsrf]')!.getAttribute('value')!;
  const signOutResponse = await browser.send(`${frontdesk.issuer}/oauth/logout/confirm`, {
    form: { xsrf, logout: 'yes' },
  });
  expect(signOutResponse.status).toBe(303);
});

test('A14 an authorization response with form_post is a form that posts to the redirect URI', async () => {
  const browser = newBrowser(frontdesk);
  await codeFor(browser, authorize(frontdesk, appA));
  const page = await browser.visit(authorize(frontdesk, appA, { response_mode: 'form_post', state: '"><b>' }).url);
  const form = page.root.querySelector('form')!;
  expect(form.getAttribute('action')).toBe(appA.redirectUri);
  expect(form.querySelector('input[name=code]')!.getAttribute('value')).toBeTruthy();
  expect(form.querySelector('input[name=state]')!.getAttribute('value')).toBe('"><b>');
  const refused = await browser.visit(authorize(frontdesk, appA, { response_mode: 'form_post', scope: 'profile' }).url);
  expect([refused.status, refused.root.querySelector('input[name=error]')?.getAttribute('value')]).toEqual([
    400,
    'invalid_request',
  ]);
});

test('E07 only the known field names of a form are read', async () => {
  const browser = newBrowser(frontdesk);
  const page = await browser.visit(authorize(frontdesk, appA).url);
  const csrf = page.root.querySelector('input[name=csrf]')!.getAttribute('value')!;
  const action = new URL(page.root.querySelector('form')!.getAttribute('action')!, page.url).href;
  const fields = { csrf, login: 'ann', password: 'wrong', '__proto__[isRight]': 'true', constructor: 'x' };
  const form = `${new URLSearchParams(fields).toString()}&__proto__=x`;
  expect((await browser.send(action, { form })).status).toBe(422);
  expect(Object.keys(Object.prototype)).toEqual([]);
});
