/** Tests in a real browser that both example sites sign the person out, whatever ended the session. */
import type { Browser } from 'playwright-core';
import { person } from '../support/people-and-apps.ts';
import { describeInChromium, openChromium } from '../support/chromium.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { startSites, type Sites } from '../support/sites.ts';
import { runFrontdesk } from '../support/terminal.ts';
import {
  isSignedInAtA,
  openBothSites,
  openSiteC,
  openVisitor,
  refreshAtB,
  signInOn,
  waitUntilSignedOutOfA,
  type Tabs,
  type Visitor,
} from '../support/visitor.ts';

const signedOutMessageOfB = 'You were signed out.';

describeInChromium('in Chromium', () => {
  let frontdesk: Frontdesk;
  let sites: Sites;
  let chromium: Browser;
  let visitors: Visitor[];
  let login: string;
  let tabs: Tabs;

  beforeAll(async () => {
    frontdesk = await startFrontdesk();
    sites = await startSites(frontdesk);
    chromium = await openChromium();
  });

  let personCount = 0;
  // Each test has a person of its own, who is signed in at both sites.
  beforeEach(async () => {
    visitors = [];
    login = `person-${(personCount += 1)}`;
    await person(frontdesk, login, login);
    tabs = await openBothSites(await newVisitor(), sites, login);
  });
  afterEach(async () => {
    await Promise.all(visitors.map(({ context }) => context.close()));
    expect(visitors.flatMap(({ problems }) => problems)).toEqual([]);
  });

  async function newVisitor(): Promise<Visitor> {
    const visitor = await openVisitor(chromium);
    visitors.push(visitor);
    return visitor;
  }

  /** Signs the same person in to a page of the account in another browser. */
  async function openInOtherBrowser(path: string) {
    const { page } = await newVisitor();
    await page.goto(`${frontdesk.issuer}${path}`);
    await signInOn(page, login);
    await page.waitForURL(`${frontdesk.issuer}${path}`);
    return page;
  }

  const runCommand = (...args: string[]) =>
    runFrontdesk(args, { ISSUER: frontdesk.issuer, DATABASE_URL: frontdesk.database.url, SECRET: frontdesk.secret });

  test('"Sign out everywhere" at site A signs the person out of both sites, and site B shows a message', async () => {
    const { siteA, siteB } = tabs;
    expect(await refreshAtB(siteB)).toBe('renewed');
    await siteA.click('text=Sign out everywhere');
    await siteA.waitForURL(`${sites.siteA}/`);
    await waitUntilSignedOutOfA(siteA);
    expect(await refreshAtB(siteB)).toBe(signedOutMessageOfB);
    await siteB.click('#sign-in');
    await siteB.waitForSelector('[name=login]');
  });

  test('"Sign out everywhere" at site B signs the person out of site A', async () => {
    const { siteA, siteB } = tabs;
    expect(await isSignedInAtA(siteA)).toBe(true);
    await siteB.click('#sign-out-everywhere');
    await siteB.waitForURL(`${sites.siteB}/`);
    await waitUntilSignedOutOfA(siteA);
    await siteA.click('text=Sign in');
    await siteA.waitForSelector('[name=login]');
  });

  test('"Sign out here" at site B ends neither the session at Frontdesk nor the one at site A', async () => {
    const { siteA, siteB } = tabs;
    await siteB.click('#sign-out');
    await siteB.waitForSelector('#signed-out:visible');
    expect(await isSignedInAtA(siteA)).toBe(true);
    // Site B recognises a person who signed in at least a second before; `auth_time` has whole seconds.
    await siteB.waitForTimeout(2_000);
    await siteB.click('#sign-in');
    await siteB.waitForSelector('#seen:visible');
    expect(await siteB.textContent('#seen')).toMatch(/^Recognised/);
  });

  test('a sign-out on the account page signs the person out of both sites', async () => {
    const { siteA, siteB, newTab } = tabs;
    const page = await newTab();
    await page.goto(`${frontdesk.issuer}/account`);
    await page.click('text=Sign out');
    await page.waitForSelector('text=You are signed out');
    expect(await page.textContent('.logout-notices')).toContain('Site B: cannot be notified');
    await waitUntilSignedOutOfA(siteA);
    expect(await refreshAtB(siteB)).toBe(signedOutMessageOfB);
  });

  test('a person signs this browser out from another browser, which stays signed in', async () => {
    const { siteA, siteB } = tabs;
    const page = await openInOtherBrowser('/account/devices');
    expect(await page.locator('.rows > li').count()).toBe(2);
    expect(await page.textContent('.rows > li:has(form)')).toContain('Apps: Site A, Site B');
    await page.click('.rows button');
    await page.waitForSelector('.rows:not(:has(button))');
    await waitUntilSignedOutOfA(siteA);
    expect(await refreshAtB(siteB)).toBe(signedOutMessageOfB);
    await page.reload();
    expect(await page.textContent('.rows > li')).toContain('This device');
  });

  test('removing an app in one browser signs the person out of it in another; the other app is not affected', async () => {
    const { siteA, siteB } = tabs;
    const page = await openInOtherBrowser('/account/apps');
    await page.click('[aria-label="Remove Site A"]');
    await page.waitForSelector('.rows:not(:has-text("Site A"))');
    await waitUntilSignedOutOfA(siteA);
    expect(await refreshAtB(siteB)).toBe('renewed');
    await page.click('[aria-label="Remove Site B"]');
    await page.waitForSelector('text=No app is connected to your account yet.');
    expect(await refreshAtB(siteB)).toBe(signedOutMessageOfB);
  });

  test('a third-party app that was removed needs consent again', async () => {
    const { siteA: page } = tabs;
    await openSiteC(page, sites);
    await page.goto(`${frontdesk.issuer}/account/apps`);
    await page.click('[aria-label="Remove Site C"]');
    await page.waitForSelector('.rows:not(:has-text("Site C"))');
    await page.goto(`${sites.siteC}/sign-in`);
    await page.waitForSelector('text=Site C asks for access');
  });

  test('`accounts suspend` signs the person out of both sites until `accounts reinstate`', async () => {
    const { siteA, siteB } = tabs;
    expect(await runCommand('accounts', 'suspend', login)).toMatchObject({ code: 0 });
    await waitUntilSignedOutOfA(siteA);
    expect(await refreshAtB(siteB)).toBe(signedOutMessageOfB);
    await siteA.goto(`${sites.siteA}/sign-in`);
    await signInOn(siteA, login);
    expect(await siteA.textContent('[role=alert]')).toContain('This account is suspended.');
    expect((await runCommand('accounts', 'reinstate', login)).code).toBe(0);
    await signInOn(siteA, login);
    await siteA.waitForSelector('#seen');
    await siteB.click('#sign-in');
    await siteB.waitForSelector('#seen:visible');
  });

  test('`sessions end` signs the person out of both sites', async () => {
    const { siteA, siteB } = tabs;
    expect((await runCommand('sessions', 'end', login)).out).toBe('One session is ended.\n');
    await waitUntilSignedOutOfA(siteA);
    expect(await refreshAtB(siteB)).toBe(signedOutMessageOfB);
  });
});
