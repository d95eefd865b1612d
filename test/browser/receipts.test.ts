/** Tests in a real browser what receipts show about apps that are down, up again, or notified through the browser. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { decodeJwt } from 'jose';
import { ann, app, type RegisteredApp } from '../support/people-and-apps.ts';
import { describeInChromium, openChromium } from '../support/chromium.ts';
import { becomes } from '../support/eventually.ts';
import { authorize, exchange, type Tokens } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { listen } from '../support/listen.ts';
import { startSites, type Sites } from '../support/sites.ts';
import { openBothSites, openSiteC, openVisitor, signInOn, type Visitor } from '../support/visitor.ts';

describeInChromium('in Chromium', () => {
  let frontdesk: Frontdesk;
  let sites: Sites;
  let chromium: Browser;
  let visitor: Visitor;

  beforeAll(async () => {
    frontdesk = await startFrontdesk();
    await ann(frontdesk);
    sites = await startSites(frontdesk);
    chromium = await openChromium();
  });
  beforeEach(async () => {
    visitor = await openVisitor(chromium);
  });
  afterEach(async () => {
    await visitor.context.close();
    expect(visitor.problems).toEqual([]);
  });

  /** The line about an app on a receipt or the activity page, its time replaced by `N ms`; undefined without a line. */
  const lineAbout = async (page: Page, name: string) => {
    const lines = await page
      .locator('.logout-notices li')
      .allTextContents()
      .catch(() => []);
    return lines.find((line) => line.includes(name))?.replace(/\d+ ms/, 'N ms');
  };
  /**
   * Loads the page again. @returns its line about an app; undefined when the page reloaded itself or redirected to the
   * app before it could be read
   */
  const reloadedLineAbout = async (page: Page, url: string, name: string) => {
    const isLoaded = await page.goto(url).catch(() => undefined);
    return isLoaded ? lineAbout(page, name) : undefined;
  };

  test('the receipt shows that site A is down, redirects to site B, and later shows that site A was notified', async () => {
    const { siteB, newTab } = await openBothSites(visitor, sites, 'ann');
    await sites.stopSiteA();
    await siteB.click('#sign-out-everywhere');
    await siteB.waitForURL(`${frontdesk.issuer}/sign-out/receipt/*`);
    const receipt = siteB.url();
    expect(await lineAbout(siteB, 'Site A')).toMatch(/^Site A: (still trying|could not be reached; we keep trying)/);
    // The receipt leaves out the app that the person returns to.
    expect(await lineAbout(siteB, 'Site B')).toBeUndefined();
    // The receipt reloads itself, then redirects to the app.
    await siteB.waitForURL(`${sites.siteB}/`);

    const page = await newTab();
    await page.goto(receipt);
    await becomes(
      () => reloadedLineAbout(page, receipt, 'Site A'),
      'Site A: could not be reached; we keep trying for a day',
    );
    await sites.startSiteA();
    await becomes(() => reloadedLineAbout(page, receipt, 'Site A'), 'Site A: signed out in N ms');

    await page.goto(`${frontdesk.issuer}/account/activity`);
    await signInOn(page);
    await becomes(() => lineAbout(page, 'Site A'), 'Site A: signed out in N ms');
  });

  test('after "Sign out everywhere" at site A the receipt lists all apps, notified or not, and links to site A', async () => {
    const { siteA, siteB } = await openBothSites(visitor, sites, 'ann');
    await openSiteC(siteB, sites);
    const signOut = async () => {
      await siteA.click('text=Sign out everywhere');
      await siteA.waitForURL(`${frontdesk.issuer}/sign-out/receipt/*`);
    };
    await signOut();
    const cannotBeNotified = 'cannot be notified; it may keep you signed in until its own session ends';
    const lines = ['Site A: signed out in N ms', `Site B: ${cannotBeNotified}`, `Site C: ${cannotBeNotified}`];
    const shownLines = () => Promise.all(['Site A', 'Site B', 'Site C'].map((name) => lineAbout(siteA, name)));
    await becomes(async () => (await shownLines()).join('; '), lines.join('; '));
    await siteA.click('text=Continue to the app');
    await siteA.waitForURL(`${sites.siteA}/`);
    expect(await siteA.textContent('h1')).toBe('You are not signed in here');
    // Site B still shows the person as signed in, as the receipt said.
    await siteB.reload();
    expect(await siteB.textContent('h1')).toBe('Hello, Ann Archer');

    // The receipt also redirects to site A when nothing is pressed.
    await siteA.click('text=Sign in');
    await signInOn(siteA);
    await siteA.waitForSelector('#seen');
    await siteB.goto(`${sites.siteC}/sign-in`);
    await siteB.waitForURL(`${sites.siteC}/`);
    await signOut();
    await siteA.waitForURL(`${sites.siteA}/`);
  });

  test('the receipt of a sign-out on the account page offers to sign in again', async () => {
    const { page } = visitor;
    await page.goto(`${sites.siteA}/sign-in`);
    await signInOn(page);
    await page.waitForSelector('#seen');
    await openSiteC(page, sites);
    await page.goto(`${frontdesk.issuer}/account`);
    await page.click('text=Sign out');
    await page.waitForURL(`${frontdesk.issuer}/sign-out/receipt/*`);
    await page.click('text=Sign in again');
    await page.waitForSelector('[name=login]');
  });

  test('the activity page shows that an app is down, and later that it was notified', async () => {
    await openBothSites(visitor, sites, 'ann');
    const { page, newTab } = visitor;
    await sites.stopSiteA();
    await page.goto(`${frontdesk.issuer}/account`);
    await page.click('text=Sign out');
    await page.waitForURL(`${frontdesk.issuer}/sign-out/receipt/*`);
    const later = await newTab();
    const activity = `${frontdesk.issuer}/account/activity`;
    await later.goto(activity);
    await signInOn(later);
    await later.waitForSelector('.logout-notices li');
    expect(await lineAbout(later, 'Site A')).toMatch(/^Site A: (still trying|could not be reached)/);
    await sites.startSiteA();
    await becomes(() => reloadedLineAbout(later, activity, 'Site A'), 'Site A: signed out in N ms');
  });

  describe('an app with a front-channel logout URI', () => {
    let framedApp: RegisteredApp;
    let requests: { url: URL; headers: IncomingHttpHeaders }[];

    beforeAll(async () => {
      const server = createServer((request, response) => {
        requests.push({ url: new URL(request.url!, 'http://framed.localhost'), headers: request.headers });
        response.writeHead(200, { 'content-type': 'text/html' }).end('<link rel="icon" href="data:,">here');
      });
      const site = `http://framed.localhost:${await listen(server)}`;
      framedApp = await app(frontdesk, {
        id: 'framed',
        name: 'Framed',
        isFirstParty: true,
        redirectUris: [`${site}/callback`],
        frontChannelLogoutUri: `${site}/logout?from=frontdesk`,
      });
    });

    test('gets iss and sid in a frame of the receipt, which shows no confirmation', async () => {
      requests = [];
      const { page } = visitor;
      const request = authorize(frontdesk, framedApp);
      await page.goto(request.url);
      await signInOn(page);
      await page.waitForSelector('text=here');
      const code = new URL(page.url()).searchParams.get('code')!;
      const tokens = (await exchange(frontdesk, framedApp, { code, verifier: request.verifier })).json<Tokens>();

      await page.goto(`${frontdesk.issuer}/account`);
      await page.click('text=Sign out');
      await page.waitForURL(`${frontdesk.issuer}/sign-out/receipt/*`);
      expect(await lineAbout(page, 'Framed')).toBe('Framed: notified through the browser, which gets no confirmation');
      await becomes(async () => requests.filter(({ url }) => url.pathname === '/logout').length, 1);
      const { url, headers } = requests.find(({ url: { pathname } }) => pathname === '/logout')!;
      const { sid } = decodeJwt(tokens.id_token!);
      expect(Object.fromEntries(url.searchParams)).toEqual({ from: 'frontdesk', iss: frontdesk.issuer, sid });
      expect(headers).toMatchObject({ 'sec-fetch-dest': 'iframe', 'sec-fetch-site': 'cross-site' });
      // Whoever has the address of a receipt can read it, so apps must not get it as Referer.
      expect(headers['referer']).toBeUndefined();
      expect(await page.locator('iframe').count()).toBe(1);
    });
  });
});
