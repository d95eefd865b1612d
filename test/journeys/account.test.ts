/** Tests access to the account pages, and what they show. */
import {
  ann,
  audience,
  ben,
  notesApi,
  person as newPerson,
  siteA,
  siteB,
  type Person,
  type RegisteredApp,
} from '../support/people-and-apps.ts';
import { runSql } from '../support/database.ts';
import { authorize, codeFor, newBrowser, signIn, tokensFor } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { internalPath } from '../../src/web/account/callback.ts';
import { setClaims } from '../../src/accounts/set-claims.ts';
import { setEmail } from '../../src/accounts/set-email.ts';
import { renameAccount, updateAccount } from '../../src/accounts/update-account.ts';
import type { Browser } from '../support/browser.ts';

let frontdesk: Frontdesk;
let appA: RegisteredApp;
let appB: RegisteredApp;
let person: Person;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await notesApi(frontdesk);
  person = await ann(frontdesk);
  await ben(frontdesk);
  appA = await siteA(frontdesk);
  appB = await siteB(frontdesk);
});

const signInAs = async (login = 'ann'): Promise<Browser> => {
  const browser = newBrowser(frontdesk);
  await codeFor(browser, authorize(frontdesk, appA), login);
  return browser;
};
const visit = (browser: Browser, path: string) => browser.visit(`${frontdesk.issuer}${path}`);
const uidsOf = async (login: string) =>
  (
    await runSql<{ uid: string }>(
      frontdesk.db,
      `select uid from sessions s join accounts a on a.id = s.account_id
        where a.username = '${login}' and s.ended_at is null order by s.created_at`,
    )
  ).map(({ uid }) => uid);

test('without a session, account pages show the sign-in page and then the requested page', async () => {
  for (const path of ['/account', '/account/devices', '/account/apps', '/account/activity']) {
    const browser = newBrowser(frontdesk);
    const form = await visit(browser, path);
    expect(form.text).toContain('Sign in to Frontdesk');
    const page = await signIn(form, 'ann');
    expect([page.status, new URL(page.url).pathname]).toEqual([200, path]);
    expect(page.text).toContain('Ann Archer');
  }
});

test('cancelling the sign-in for an account page leads to the start page', async () => {
  const browser = newBrowser(frontdesk);
  const form = await visit(browser, '/account/apps');
  const page = await form.submit({}, { button: '[data-action=cancel]' });
  expect(new URL(page.url).pathname).toBe('/');
  expect(page.text).toContain('The sign-in was cancelled, and nothing happened.');
  expect(page.text).toContain('every app that uses this service recognises you');
  const links = page.root.querySelectorAll('main a');
  expect(links.map((link) => [link.text, link.getAttribute('href')])).toEqual([['Sign in', '/account']]);
  const accountPage = await signIn(await visit(browser, '/account'), 'ann');
  expect(new URL(accountPage.url).pathname).toBe('/account');
});

test('the start page offers to sign in, or shows who is signed in', async () => {
  const withoutSession = await visit(newBrowser(frontdesk), '/');
  expect(withoutSession.text).not.toMatch(/cancelled|You are signed in/);
  expect(withoutSession.root.querySelector('main a')!.text).toBe('Sign in');
  const page = await visit(await signInAs(), '/');
  expect(page.text).toContain('You are signed in as Ann Archer.');
  expect(page.root.querySelectorAll('main a').map(({ text }) => text)).toEqual(['Your account']);
});

test('a person who signed in at an app gets account pages without a sign-in page', async () => {
  const page = await visit(await signInAs(), '/account');
  expect(new URL(page.url).pathname).toBe('/account');
  expect(page.text).toContain('Hello, Ann Archer');
});

test('A15 the sign-in for account pages redirects to account pages only', async () => {
  const refusedPaths = [
    '//e',
    '/\\e',
    '/\t/e',
    'https:e',
    '%2f%2fe',
    'javascript:alert(1)',
    '@e',
    '/account/../x',
    '/account//e',
    '',
  ];
  for (const path of refusedPaths) expect([path, internalPath(path)]).toEqual([path, '/account']);
  expect(internalPath('/account/devices')).toBe('/account/devices');
  const browser = await signInAs();
  for (const state of [...refusedPaths, '/account/devices', '/account/devices.forged', '//e.x']) {
    const response = await browser.send(
      `${frontdesk.issuer}/account/callback?state=${encodeURIComponent(state)}&code=x`,
    );
    expect([state, response.status, response.location]).toEqual([state, 303, `${frontdesk.issuer}/`]);
  }
});

test('the devices page lists this device first, then the others, with their apps', async () => {
  const browser = await signInAs('ben');
  await codeFor(browser, authorize(frontdesk, appB, { scope: 'openid' }), 'ben');
  const phone = newBrowser(frontdesk);
  const headers = {
    'user-agent':
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1',
  };
  const form = await phone.visit(authorize(frontdesk, appA).url, { headers });
  await form.submit({ login: 'ben', password: 'correct horse battery staple' }, { headers });
  await phone.send(authorize(frontdesk, appA).url, { headers });
  const page = await visit(browser, '/account/devices');
  const rows = page.root.querySelectorAll('.rows > li');
  expect(rows).toHaveLength(2);
  expect(rows[0]!.querySelector('form')).toBeNull();
  expect(rows[0]!.structuredText).toMatch(/This device[^]*Apps: Site A, Site B/);
  expect(rows[1]!.structuredText).toContain('Safari on iPhone');
  await page.submit({}, { button: 'form[action="/account/devices/end-others"] button' });
  expect(await uidsOf('ben')).toHaveLength(1);
  expect((await phone.visit(authorize(frontdesk, appA).url)).root.querySelector('input[name=login]')).not.toBeNull();
  const devicesPage = await visit(browser, '/account/devices');
  const signedOut = await devicesPage.submit({}, { button: 'form[action="/account/devices/end-all"] button' });
  expect(signedOut.text).toContain('You are signed out');
  expect(await uidsOf('ben')).toEqual([]);
});

test('the apps page shows what each app may access; an app that is removed needs consent again', async () => {
  const browser = await signInAs();
  const parameters = { scope: 'openid email notes:write', resource: audience };
  await codeFor(browser, authorize(frontdesk, appB, parameters));
  const page = await visit(browser, '/account/apps');
  expect(page.text).toMatch(/Site B[^]*See your e-mail address[^]*Notes: Change your notes/);
  expect(page.text).toMatch(/Site A[^]*One of our own apps/);
  await page.submit({}, { button: 'form[action="/account/apps/site-b/remove"] button' });
  expect((await visit(browser, '/account/apps')).text).not.toContain('Site B');
  expect((await browser.visit(authorize(frontdesk, appB, parameters).url)).text).toContain('Site B asks for access');
});

test('E11 the activity page lists audit events, the newest first', async () => {
  const browser = newBrowser(frontdesk);
  const form = await browser.visit(authorize(frontdesk, appA).url);
  await signIn(await signIn(form, 'ann', 'wrong'), 'ann');
  const page = await visit(browser, '/account/activity');
  expect(page.text).toMatch(/Signed in[^]*Failed sign-in[^]*Account created/);
  const [first, second] = await runSql<{ id: string; at: Date }>(
    frontdesk.db,
    `select id, at from audit_events where kind like 'sign-in.%' order by at desc`,
  );
  const older = await visit(browser, `/account/activity?after=${first!.id}`);
  expect(older.root.querySelector('.rows > li time')!.getAttribute('datetime')).toBe(second!.at.toISOString());
  expect((await visit(browser, '/account/activity?after=nonsense')).status).toBe(200);
});

test('the activity page shows changes that an operator made', async () => {
  const { db } = frontdesk;
  const by = 'command-line';
  const { id } = await newPerson(frontdesk, 'changed', 'Before');
  await setEmail(db, { accountId: id, email: 'new@example.com', isVerified: true, by });
  await renameAccount(db, id, 'renamed', by);
  await updateAccount(db, id, { name: 'Changed' }, by);
  await setClaims(db, id, { locale: 'en' }, by);
  const page = await visit(await signInAs('renamed'), '/account/activity');
  const kinds = page.root.querySelectorAll('.rows > li strong').map(({ text }) => text);
  expect(kinds).toEqual([
    'Signed in',
    'Your details were changed',
    'Your details were changed',
    'Your username was changed',
    'Your e-mail address was changed',
    'Account created',
  ]);
});

test('E09 SQL in the cursor of the activity page is ignored', async () => {
  const browser = await signInAs();
  const rowCount = (await visit(browser, '/account/activity')).root.querySelectorAll('.rows > li').length;
  for (const after of ["2026-01-01'; drop table audit_events; --", "' or 1=1 --", "2026-01-01') or true"]) {
    const page = await visit(browser, `/account/activity?after=${encodeURIComponent(after)}`);
    expect([after, page.status, page.root.querySelectorAll('.rows > li').length]).toEqual([after, 200, rowCount]);
  }
});

test('A17 and A20 account pages have Cache-Control, isolation, Referrer-Policy and frame-ancestors headers', async () => {
  const browser = await signInAs();
  for (const path of ['/account', '/account/devices', '/account/apps', '/account/activity']) {
    const { headers } = await visit(browser, path);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'cross-origin-opener-policy': 'same-origin',
      'referrer-policy': 'same-origin',
    });
    expect(String(headers['content-security-policy'])).toContain("frame-ancestors 'none'");
  }
});

test('an unknown path gets status 404, with and without a session', async () => {
  expect((await visit(await signInAs(), '/account/nothing')).status).toBe(404);
  expect((await visit(newBrowser(frontdesk), '/accounting')).status).toBe(404);
});

test('the client of the account pages is not listed as an app', async () => {
  const browser = newBrowser(frontdesk);
  await signIn(await visit(browser, '/account/apps'), 'ann');
  expect((await visit(browser, '/account/apps')).root.querySelector('.rows')?.text ?? '').not.toContain('Frontdesk');
  expect((await visit(browser, '/account/devices')).text).not.toContain('Apps: Frontdesk');
  const tokens = await tokensFor(frontdesk, browser, appA);
  expect(tokens.access_token).toBeTruthy();
  expect(person.id).toMatch(/^[0-9a-f-]{36}$/);
});
