/** Failed sign-ins and sign-ins by somebody else: what the account pages say of them, and what a person can do. */
import { person, siteA, siteB, type RegisteredApp } from '../support/people-and-apps.ts';
import { runSql } from '../support/database.ts';
import { authorize, newBrowser, refresh, signIn, tokensFor } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import type { Browser, Page } from '../support/browser.ts';

let frontdesk: Frontdesk;
let appA: RegisteredApp;
let appB: RegisteredApp;
let login: string;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  appA = await siteA(frontdesk);
  appB = await siteB(frontdesk, { apis: [] });
});

let people = 0;
beforeEach(async () => {
  login = `person-${(people += 1)}`;
  await person(frontdesk, login, login);
});

const phone = {
  'user-agent':
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1',
};
const visit = (browser: Browser, path: string) => browser.visit(`${frontdesk.issuer}${path}`);

/** Fails so many times, and then signs in. */
async function signInAfter(failures: number): Promise<Browser> {
  const browser = newBrowser(frontdesk);
  let form = await browser.visit(authorize(frontdesk, appA).url);
  for (let count = 0; count < failures; count += 1) form = await signIn(form, login, 'wrong');
  await signIn(form, login);
  return browser;
}

/** Wrong passwords on another device. */
async function failElsewhere(failures: number): Promise<void> {
  let form = await newBrowser(frontdesk).visit(authorize(frontdesk, appA).url, { headers: phone });
  for (let count = 0; count < failures; count += 1) {
    form = await form.submit({ login, password: 'wrong' }, { headers: phone });
  }
}

const alarmsOf = (page: Page) =>
  page.root.querySelectorAll('.note').map((note) => ({
    text: note.structuredText.replaceAll('\n', ' '),
    isWarning: note.classList.contains('warning'),
    link: note.querySelector('a')!.getAttribute('href'),
  }));

test('one or two typing errors of one’s own are no matter', async () => {
  const browser = await signInAfter(2);
  expect(alarmsOf(await visit(browser, '/account'))).toEqual([]);
  expect((await visit(browser, '/account/activity')).text).toContain('Failed sign-in');
});

test('a failure on another device is told plainly, for a week', async () => {
  const browser = await signInAfter(0);
  await failElsewhere(1);
  const text =
    'One sign-in to your account failed, just now. If that was you, there is nothing to do. None of them succeeded. See the activity';
  expect(alarmsOf(await visit(browser, '/account'))).toEqual([{ text, isWarning: false, link: '/account/activity' }]);
  await runSql(frontdesk.db, "update audit_events set at = at - interval '8 days' where kind = 'sign-in.failed'");
  expect(alarmsOf(await visit(browser, '/account'))).toEqual([]);
});

test('a burst from elsewhere is a warning', async () => {
  const browser = await signInAfter(1);
  await failElsewhere(5);
  const [alarm] = alarmsOf(await visit(browser, '/account'));
  expect(alarm).toMatchObject({ isWarning: true, link: '/account/activity' });
  expect(alarm!.text).toContain('5 sign-ins to your account failed in the last week, the last one just now.');
  expect(alarm!.text).toContain('somebody is trying passwords');
});

test('a sign-in after many failures is asked about', async () => {
  const browser = await signInAfter(4);
  const page = await visit(browser, '/account');
  const [alarm] = alarmsOf(page);
  expect(alarm).toMatchObject({
    isWarning: false,
    link: expect.stringMatching(/^\/account\/sign-ins\/[0-9a-f-]{36}$/),
  });
  expect(alarm!.text).toContain('4 sign-ins to your account failed before one succeeded, just now.');
  expect((await visit(browser, alarm!.link!)).text).toContain('Was this you?');
});

describe('was this you?', () => {
  /** The page of the newest sign-in. */
  async function ask(browser: Browser): Promise<Page> {
    const activity = await visit(browser, '/account/activity');
    return visit(browser, activity.root.querySelector('a.action')!.getAttribute('href')!);
  }

  test('each sign-in has a link of its own name', async () => {
    const browser = await signInAfter(0);
    const form = await newBrowser(frontdesk).visit(authorize(frontdesk, appA).url, { headers: phone });
    await form.submit({ login, password: 'correct horse battery staple' }, { headers: phone });
    const links = (await visit(browser, '/account/activity')).root.querySelectorAll('a.action');
    const names = links.map((link) => link.getAttribute('aria-label'));
    expect(names[0]).toBe('Was this you? Signed in just now, Safari on iPhone');
    expect(names[1]).not.toBe(names[0]);
    // Speech input goes by what is seen.
    for (const link of links) expect(link.getAttribute('aria-label')).toContain(link.text);
  });

  test('no: every other device is signed out and offline access ends, and this device goes on', async () => {
    const browser = await signInAfter(0);
    const thief = newBrowser(frontdesk);
    const form = await thief.visit(authorize(frontdesk, appA).url, { headers: phone });
    await form.submit({ login, password: 'correct horse battery staple' }, { headers: phone });
    const scope = 'openid offline_access';
    const offline = await tokensFor(frontdesk, thief, appB, { login, scope, prompt: 'consent' });

    const page = await ask(browser);
    expect(page.text).toMatch(/Was this you\?[^]*Safari on iPhone[^]*ask the people who run this service/);
    expect(page.text).not.toContain('This device');
    const after = await page.submit({}, { button: '.steps button' });
    expect([after.url, after.text]).toEqual([page.url, expect.stringContaining('This sign-in has ended already.')]);
    expect(after.text).toContain('You are signed in on this device only.');
    expect((await refresh(frontdesk, appB, offline.refresh_token!)).status).toBe(400);
    expect((await thief.visit(authorize(frontdesk, appA).url)).root.querySelector('[name=login]')).not.toBeNull();
    expect(new URL((await visit(browser, '/account')).url).pathname).toBe('/account');
  });

  test('no, and it was on this device: it is signed out too', async () => {
    const browser = await signInAfter(0);
    const page = await ask(browser);
    expect(page.text).toContain('This device');
    const after = await page.submit({}, { button: '.steps button' });
    expect(after.text).toContain('You are signed out');
    expect((await visit(browser, '/account')).root.querySelector('[name=login]')).not.toBeNull();
  });

  test('signed out, the link leads through the sign-in to the same page', async () => {
    const { url } = await ask(await signInAfter(0));
    const form = await newBrowser(frontdesk).visit(url);
    expect((await signIn(form, login)).url).toBe(url);
  });

  test('E02 a sign-in of somebody else, or none, is not found', async () => {
    const { url } = await ask(await signInAfter(0));
    login = `person-${(people += 1)}`;
    await person(frontdesk, login, login);
    const browser = await signInAfter(0);
    for (const address of [url, `${url.slice(0, -1)}x`, `${frontdesk.issuer}/account/sign-ins/none`]) {
      expect([address, (await browser.visit(address)).status]).toEqual([address, 404]);
    }
    const csrf = (await visit(browser, '/account')).root.querySelector('[name=csrf]')!.getAttribute('value')!;
    expect((await browser.send(`${url}/revoke-access`, { form: { csrf } })).status).toBe(404);
  });
});
