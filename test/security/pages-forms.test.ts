/** security.md, part A: forms that another site sends. Each test is named by its number. */
import { ann, notesApi, siteA, siteB, type RegisteredApp } from '../support/cast.ts';
import { everyRow } from '../support/database.ts';
import { answerIn, authorize, codeFor, newBrowser } from '../support/flow.ts';
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
afterAll(() => frontdesk.close());

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
  (await everyRow(frontdesk.db)).replace(/-- public\.(rate_limits|audit_events\w*)\n[^]*?(?=-- \w+\.|$)/g, '');

describe('A08 the sign-in form', () => {
  test.each(foreign)('sent %s does nothing', async (_how, headers) => {
    const browser = newBrowser(frontdesk);
    const form = await browser.visit(authorize(frontdesk, appA).url);
    const before = await rowsOf();
    const answer = await form.submit({ login: 'ann', password: 'correct horse battery staple' }, { headers });
    expect(answer.status).toBe(403);
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
    const answer = await form.submit({ login: 'ann', password: 'correct horse battery staple', csrf });
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('This form is not the one we gave this browser');
    expect(await sessionCookie(browser)).toBeUndefined();
  });
});

describe('A09 the consent form', () => {
  const consentPage = async (browser: Browser) => {
    await codeFor(browser, authorize(frontdesk, appA));
    return browser.visit(authorize(frontdesk, appB, { prompt: 'consent' }).url);
  };

  test.each(foreign)('sent %s changes no row', async (_how, headers) => {
    const page = await consentPage(newBrowser(frontdesk));
    const before = await rowsOf();
    expect((await page.submit({}, { headers })).status).toBe(403);
    expect(await rowsOf()).toBe(before);
  });

  test('without its token changes no row', async () => {
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
    expect(answerIn(await browser.visit(authorize(frontdesk, appA).url))['code']).toBeTruthy();
  });
});
