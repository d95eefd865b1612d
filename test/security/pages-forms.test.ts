/** Requirements of README.md beside this file: A08, A09, A14, B21, E07. Forms: who may send them, and where they lead. */
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

/** Ways in which another site could make a browser send one of our forms. */
const foreign: [string, Record<string, string>][] = [
  ['from another origin', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
  ['from another origin, by an old browser', { origin: 'https://evil.example', 'sec-fetch-site': '' }],
  ['from a page without an origin', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
  ['from a subdomain', { 'sec-fetch-site': 'same-site' }],
  ['as text/plain', { 'content-type': 'text/plain' }],
  ['as JSON', { 'content-type': 'application/json' }],
];

const rowsOf = async () =>
  (await dumpWithoutJobs(frontdesk.db)).replace(/-- public\.(rate_limits|audit_events\w*)\n[^]*?(?=-- \w+\.|$)/g, '');

describe('A08 the sign-in form', () => {
  test.each(foreign)('sent %s does nothing', async (_how, headers) => {
    const browser = newBrowser(frontdesk);
    const form = await browser.visit(authorize(frontdesk, appA).url);
    const before = await rowsOf();
    const response = await form.submit({ login: 'ann', password: 'correct horse battery staple' }, { headers });
    expect(response.status).toBe(403);
    expect(await sessionCookie(browser)).toBeUndefined();
    expect(await rowsOf()).toBe(before);
  });

  test.each([
    ['without its token', async () => ''],
    [
      'with the token of another interaction',
      async (browser: Browser) =>
        (await browser.visit(authorize(frontdesk, appA).url)).root
          .querySelector('input[name=csrf]')!
          .getAttribute('value')!,
    ],
    [
      'with the token of another browser',
      async () =>
        (await newBrowser(frontdesk).visit(authorize(frontdesk, appA).url)).root
          .querySelector('input[name=csrf]')!
          .getAttribute('value')!,
    ],
  ])('%s does nothing', async (_how, token) => {
    const browser = newBrowser(frontdesk);
    const form = await browser.visit(authorize(frontdesk, appA).url);
    const csrf = await token(browser);
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

  test.each(foreign)('consent sent %s changes no row', async (_how, headers) => {
    const page = await consentPage(newBrowser(frontdesk));
    const before = await rowsOf();
    expect((await page.submit({}, { headers })).status).toBe(403);
    expect(await rowsOf()).toBe(before);
  });

  test('consent without its token changes no row', async () => {
    const page = await consentPage(newBrowser(frontdesk));
    const before = await rowsOf();
    expect((await page.submit({ csrf: '' })).status).toBe(403);
    expect(await rowsOf()).toBe(before);
  });

  test('the sign-out form needs its token too', async () => {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, appA));
    const page = await browser.visit(`${frontdesk.issuer}/oauth/logout`);
    expect((await page.submit({ logout: 'yes', xsrf: 'guessed' })).status).toBe(400);
    expect(responseParameters(await browser.visit(authorize(frontdesk, appA).url))['code']).toBeTruthy();
  });

  test('cancelling needs the token of the form', async () => {
    const page = await newBrowser(frontdesk).visit(authorize(frontdesk, appA).url);
    const cancel = { button: '[data-action=cancel]' };
    expect((await page.submit({ csrf: 'guessed' }, cancel)).status).toBe(403);
    expect(responseParameters(await page.submit({}, cancel))['error']).toBe('access_denied');
  });

  test('consent cannot be given before signing in', async () => {
    const third = await app(frontdesk, { id: 'third', name: 'Third' });
    const browser = newBrowser(frontdesk);
    const page = await browser.visit(authorize(frontdesk, third).url);
    const csrf = page.root.querySelector('input[name=csrf]')!.getAttribute('value')!;
    const { pathname } = new URL(page.url);
    const response = await browser.send(`${frontdesk.issuer}${pathname}/consent`, { form: { csrf } });
    expect(response.status).toBe(400);
    expect(await runSql(frontdesk.db, 'select from consents')).toEqual([]);
  });
});

test('B21 forms answer 303', async () => {
  const browser = newBrowser(frontdesk);
  const form = await browser.visit(authorize(frontdesk, appA).url);
  const csrf = form.root.querySelector('input[name=csrf]')!.getAttribute('value')!;
  const action = new URL(form.root.querySelector('form')!.getAttribute('action')!, form.url).href;
  const response = await browser.send(action, {
    form: { csrf, login: 'ann', password: 'correct horse battery staple' },
  });
  expect(response.status).toBe(303);
  expect((await browser.send(response.location!)).status).toBe(303);
  const question = await browser.visit(`${frontdesk.issuer}/oauth/logout`);
  const xsrf = question.root.querySelector('input[name=xsrf]')!.getAttribute('value')!;
  const out = await browser.send(`${frontdesk.issuer}/oauth/logout/confirm`, { form: { xsrf, logout: 'yes' } });
  expect(out.status).toBe(303);
});

test('A14 form_post answers with a form that posts to the redirect URI', async () => {
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

test('E07 a form is read by known names only', async () => {
  const browser = newBrowser(frontdesk);
  const page = await browser.visit(authorize(frontdesk, appA).url);
  const csrf = page.root.querySelector('input[name=csrf]')!.getAttribute('value')!;
  const action = new URL(page.root.querySelector('form')!.getAttribute('action')!, page.url).href;
  const fields = { csrf, login: 'ann', password: 'wrong', '__proto__[isRight]': 'true', constructor: 'x' };
  const form = `${new URLSearchParams(fields).toString()}&__proto__=x`;
  expect((await browser.send(action, { form })).status).toBe(422);
  expect(Object.keys(Object.prototype)).toEqual([]);
});
