/** Tests what account pages show about failed and unknown sign-ins, and how a person revokes the access of one. */
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

let personCount = 0;
beforeEach(async () => {
  login = `person-${(personCount += 1)}`;
  await person(frontdesk, login, login);
});

/** Request headers of an iPhone. */
const phoneHeaders = {
  'user-agent':
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1',
};
const visit = (browser: Browser, path: string) => browser.visit(`${frontdesk.issuer}${path}`);

/** Signs in with a new browser, after `failures` wrong passwords. */
async function signInAfter(failures: number): Promise<Browser> {
  const browser = newBrowser(frontdesk);
  let form = await browser.visit(authorize(frontdesk, appA).url);
  for (let count = 0; count < failures; count += 1) form = await signIn(form, login, 'wrong');
  await signIn(form, login);
  return browser;
}

/** Sends `failures` wrong passwords from another device. */
async function failOnOtherDevice(failures: number): Promise<void> {
  let form = await newBrowser(frontdesk).visit(authorize(frontdesk, appA).url, { headers: phoneHeaders });
  for (let count = 0; count < failures; count += 1) {
    form = await form.submit({ login, password: 'wrong' }, { headers: phoneHeaders });
  }
}

const alarmsOf = (page: Page) =>
  page.root.querySelectorAll('.note').map((note) => ({
    text: note.structuredText.replaceAll('\n', ' '),
    isWarning: note.classList.contains('warning'),
    link: note.querySelector('a')!.getAttribute('href'),
  }));

test('the account page shows no note about two failures on the own device', async () => {
  const browser = await signInAfter(2);
  expect(alarmsOf(await visit(browser, '/account'))).toEqual([]);
  expect((await visit(browser, '/account/activity')).text).toContain('Failed sign-in');
});

test('the account page shows a note about one failure on another device, for a week', async () => {
  const browser = await signInAfter(0);
  await failOnOtherDevice(1);
  const text =
    'One sign-in to your account failed, just now. If that was you, there is nothing to do. None of them succeeded. See the activity';
  expect(alarmsOf(await visit(browser, '/account'))).toEqual([{ text, isWarning: false, link: '/account/activity' }]);
  await runSql(frontdesk.db, "update audit_events set at = at - interval '8 days' where kind = 'sign-in.failed'");
  expect(alarmsOf(await visit(browser, '/account'))).toEqual([]);
});

test('the account page shows a warning about five failures on another device', async () => {
  const browser = await signInAfter(1);
  await failOnOtherDevice(5);
  const [alarm] = alarmsOf(await visit(browser, '/account'));
  expect(alarm).toMatchObject({ isWarning: true, link: '/account/activity' });
  expect(alarm!.text).toContain('5 sign-ins to your account failed in the last week, the last one just now.');
  expect(alarm!.text).toContain('somebody is trying passwords');
});

test('the account page links to "Was this you?" of a sign-in that succeeded after four failures', async () => {
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

describe('the page "Was this you?"', () => {
  /** Opens the page of the newest sign-in. */
  async function openNewest(browser: Browser): Promise<Page> {
    const activity = await visit(browser, '/account/activity');
    return visit(browser, activity.root.querySelector('a.action')!.getAttribute('href')!);
  }

  test('is linked from each sign-in by a name of its own', async () => {
    const browser = await signInAfter(0);
    const form = await newBrowser(frontdesk).visit(authorize(frontdesk, appA).url, { headers: phoneHeaders });
    await form.submit({ login, password: 'correct horse battery staple' }, { headers: phoneHeaders });
    const links = (await visit(browser, '/account/activity')).root.querySelectorAll('a.action');
    const names = links.map((link) => link.getAttribute('aria-label'));
    expect(names[0]).toBe('Was this you? Signed in just now, Safari on iPhone');
    expect(names[1]).not.toBe(names[0]);
    // Speech input matches the visible text, so the accessible name must contain it (WCAG 2.5.3).
    for (const link of links) expect(link.getAttribute('aria-label')).toContain(link.text);
  });

  test('signs out every other device and revokes offline access, but does not sign out this device', async () => {
    const browser = await signInAfter(0);
    const otherBrowser = newBrowser(frontdesk);
    const form = await otherBrowser.visit(authorize(frontdesk, appA).url, { headers: phoneHeaders });
    await form.submit({ login, password: 'correct horse battery staple' }, { headers: phoneHeaders });
    const scope = 'openid offline_access';
    const offline = await tokensFor(frontdesk, otherBrowser, appB, { login, scope, prompt: 'consent' });

    const page = await openNewest(browser);
    expect(page.text).toMatch(/Was this you\?[^]*Safari on iPhone[^]*Ask the people who run this service/);
    expect(page.text).not.toContain('This device');
    const after = await page.submit({}, { button: '.steps button' });
    expect([after.url, after.text]).toEqual([page.url, expect.stringContaining('This sign-in has ended already.')]);
    expect(after.text).toContain('You are signed in on this device only.');
    expect((await refresh(frontdesk, appB, offline.refresh_token!)).status).toBe(400);
    expect(
      (await otherBrowser.visit(authorize(frontdesk, appA).url)).root.querySelector('[name=login]'),
    ).not.toBeNull();
    expect(new URL((await visit(browser, '/account')).url).pathname).toBe('/account');
  });

  test('signs out this device when the sign-in was on it', async () => {
    const browser = await signInAfter(0);
    const page = await openNewest(browser);
    expect(page.text).toContain('This device');
    const after = await page.submit({}, { button: '.steps button' });
    expect(after.text).toContain('You are signed out');
    expect((await visit(browser, '/account')).root.querySelector('[name=login]')).not.toBeNull();
  });

  test('is shown after the sign-in when a person without a session follows its link', async () => {
    const { url } = await openNewest(await signInAfter(0));
    const form = await newBrowser(frontdesk).visit(url);
    expect((await signIn(form, login)).url).toBe(url);
  });

  test('E02 has status 404 for the sign-in of another account and for unknown ids', async () => {
    const { url } = await openNewest(await signInAfter(0));
    login = `person-${(personCount += 1)}`;
    await person(frontdesk, login, login);
    const browser = await signInAfter(0);
    for (const address of [url, `${url.slice(0, -1)}x`, `${frontdesk.issuer}/account/sign-ins/none`]) {
      expect([address, (await browser.visit(address)).status]).toEqual([address, 404]);
    }
    const csrf = (await visit(browser, '/account')).root.querySelector('[name=csrf]')!.getAttribute('value')!;
    expect((await browser.send(`${url}/revoke-access`, { form: { csrf } })).status).toBe(404);
  });
});
