/** However a session ends, both sites notice, in a real browser. */
import type { Browser } from 'playwright-core';
import { person } from '../support/people-and-apps.ts';
import { describeInChromium, openChromium } from '../support/chromium.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { startSites, type Sites } from '../support/sites.ts';
import { runFrontdesk } from '../support/terminal.ts';
import {
  expectOutOfA,
  isInA,
  openBothSites,
  openSiteC,
  openVisitor,
  renewB,
  signInOn,
  type Tabs,
  type Visitor,
} from '../support/visitor.ts';

const toldByB = 'You were signed out.';

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

  let people = 0;
  /** A new person for each test, signed in at both sites. */
  beforeEach(async () => {
    visitors = [];
    login = `person-${(people += 1)}`;
    await person(frontdesk, login, login);
    tabs = await openBothSites(await visit(), sites, login);
  });
  afterEach(async () => {
    await Promise.all(visitors.map(({ context }) => context.close()));
    expect(visitors.flatMap(({ problems }) => problems)).toEqual([]);
  });

  async function visit(): Promise<Visitor> {
    const visitor = await openVisitor(chromium);
    visitors.push(visitor);
    return visitor;
  }

  /** The same person on another browser, at a page of the account. */
  async function onAnotherBrowser(path: string) {
    const { page } = await visit();
    await page.goto(`${frontdesk.issuer}${path}`);
    await signInOn(page, login);
    await page.waitForURL(`${frontdesk.issuer}${path}`);
    return page;
  }

  const command = (...args: string[]) =>
    runFrontdesk(args, { ISSUER: frontdesk.issuer, DATABASE_URL: frontdesk.database.url, SECRET: frontdesk.secret });

  test('signed out everywhere at site A, site B is signed out and says so', async () => {
    const { siteA, siteB } = tabs;
    expect(await renewB(siteB)).toBe('renewed');
    await siteA.click('text=Sign out everywhere');
    await siteA.waitForURL(`${sites.siteA}/`);
    await expectOutOfA(siteA);
    expect(await renewB(siteB)).toBe(toldByB);
    await siteB.click('#sign-in');
    await siteB.waitForSelector('[name=login]');
  });

  test('signed out everywhere at site B, site A is signed out', async () => {
    const { siteA, siteB } = tabs;
    expect(await isInA(siteA)).toBe(true);
    await siteB.click('#sign-out-everywhere');
    await siteB.waitForURL(`${sites.siteB}/`);
    await expectOutOfA(siteA);
    await siteA.click('text=Sign in');
    await siteA.waitForSelector('[name=login]');
  });

  test('signed out here at site B, the sessions at Frontdesk and site A go on', async () => {
    const { siteA, siteB } = tabs;
    await siteB.click('#sign-out');
    await siteB.waitForSelector('#signed-out:visible');
    expect(await isInA(siteA)).toBe(true);
    await siteB.click('#sign-in');
    await siteB.waitForSelector('#seen:visible');
    expect(await siteB.textContent('#seen')).toMatch(/^Recognised/);
  });

  test('signed out at Frontdesk, on the account page', async () => {
    const { siteA, siteB, newTab } = tabs;
    const page = await newTab();
    await page.goto(`${frontdesk.issuer}/account`);
    await page.click('text=Sign out');
    await page.waitForSelector('text=You are signed out');
    expect(await page.textContent('.logout-notices')).toContain('Site B: cannot be told');
    await expectOutOfA(siteA);
    expect(await renewB(siteB)).toBe(toldByB);
  });

  test('signed out from another browser, which stays signed in', async () => {
    const { siteA, siteB } = tabs;
    const page = await onAnotherBrowser('/account/devices');
    expect(await page.locator('.rows > li').count()).toBe(2);
    expect(await page.textContent('.rows > li:has(form)')).toContain('Apps: Site A, Site B');
    await page.click('.rows button');
    await page.waitForSelector('.rows:not(:has(button))');
    await expectOutOfA(siteA);
    expect(await renewB(siteB)).toBe(toldByB);
    await page.reload();
    expect(await page.textContent('.rows > li')).toContain('This device');
  });

  test('a removed app is signed out, in this browser and others; the other app is not', async () => {
    const { siteA, siteB } = tabs;
    const page = await onAnotherBrowser('/account/apps');
    await page.click('[aria-label="Remove Site A"]');
    await page.waitForSelector('.rows:not(:has-text("Site A"))');
    await expectOutOfA(siteA);
    expect(await renewB(siteB)).toBe('renewed');
    await page.click('[aria-label="Remove Site B"]');
    await page.waitForSelector('text=No app is connected to your account yet.');
    expect(await renewB(siteB)).toBe(toldByB);
  });

  test('an app of somebody else that is removed has to ask again', async () => {
    const { siteA: page } = tabs;
    await openSiteC(page, sites);
    await page.goto(`${frontdesk.issuer}/account/apps`);
    await page.click('[aria-label="Remove Site C"]');
    await page.waitForSelector('.rows:not(:has-text("Site C"))');
    await page.goto(`${sites.siteC}/sign-in`);
    await page.waitForSelector('text=Site C asks for access');
  });

  test('suspended from the command line: signed out of both, until the account is reinstated', async () => {
    const { siteA, siteB } = tabs;
    expect(await command('accounts', 'suspend', login)).toMatchObject({ code: 0 });
    await expectOutOfA(siteA);
    expect(await renewB(siteB)).toBe(toldByB);
    await siteA.goto(`${sites.siteA}/sign-in`);
    await signInOn(siteA, login);
    expect(await siteA.textContent('[role=alert]')).toContain('This account is suspended.');
    expect((await command('accounts', 'reinstate', login)).code).toBe(0);
    await signInOn(siteA, login);
    await siteA.waitForSelector('#seen');
    await siteB.click('#sign-in');
    await siteB.waitForSelector('#seen:visible');
  });

  test('sessions ended from the command line: signed out of both', async () => {
    const { siteA, siteB } = tabs;
    expect((await command('sessions', 'end', login)).out).toBe('One session is ended.\n');
    await expectOutOfA(siteA);
    expect(await renewB(siteB)).toBe(toldByB);
  });
});
