/** Tests in a real browser what a sign-in page does when a person goes back to it or presses its button twice. */
import { createServer } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { ann, person } from '../support/people-and-apps.ts';
import { describeInChromium, openChromium } from '../support/chromium.ts';
import { runSql } from '../support/database.ts';
import { becomes } from '../support/eventually.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { listen } from '../support/listen.ts';
import { startSites, type Sites } from '../support/sites.ts';
import { openVisitor, signInOn, type Visitor } from '../support/visitor.ts';

describeInChromium('in Chromium', () => {
  let frontdesk: Frontdesk;
  let sites: Sites;
  let chromium: Browser;
  let visitor: Visitor;
  let page: Page;

  beforeAll(async () => {
    frontdesk = await startFrontdesk({ settings: { RATE_LIMIT_FACTOR: '100' } });
    await ann(frontdesk);
    sites = await startSites(frontdesk);
    chromium = await openChromium();
  });

  beforeEach(() => useBrowser(chromium));
  afterEach(async () => {
    await visitor.context.close();
    expect(visitor.problems).toEqual([]);
  });

  async function useBrowser(browser: Browser): Promise<void> {
    visitor = await openVisitor(browser);
    ({ page } = visitor);
  }

  const openSignInPage = async () => {
    await page.goto(sites.siteA);
    await page.click('text=Sign in');
    await page.waitForSelector('[name=login]');
  };

  /** Expects the page that says who is signed in, and follows its link to site A. */
  const followLinkToA = async () => {
    await page.waitForSelector('text=You are signed in');
    expect(await page.textContent('.person')).toContain('Ann Archer');
    await page.click('text=Go on to Site A');
    await page.waitForURL(`${sites.siteA}/`);
    expect(await page.textContent('h1')).toBe('Hello, Ann Archer');
  };

  // With the cache the browser shows the kept page; without it the browser requests the page again.
  describe.each([
    ['with the back/forward cache', true],
    ['without the back/forward cache', false],
  ])('%s', (_name, hasBackForwardCache) => {
    let browser: Browser;
    beforeAll(async () => void (browser = await openChromium({ hasBackForwardCache })));
    beforeEach(() => useBrowser(browser));

    test('a person who goes back to the sign-in page after signing in sees who is signed in', async () => {
      await openSignInPage();
      await signInOn(page);
      await page.waitForSelector('#seen');
      await page.goBack();
      await followLinkToA();

      // The same after a wrong password, where the page is the response to a form.
      await visitor.context.clearCookies();
      await openSignInPage();
      await signInOn(page, 'ann', { secret: 'not the password' });
      await page.waitForSelector('[role=alert]');
      await signInOn(page);
      await page.waitForSelector('#seen');
      // The browser does not ask whether to submit the form again.
      await page.goBack();
      await followLinkToA();
    });

    test('a person who goes back to the consent page after consenting sees who is signed in', async () => {
      const login = hasBackForwardCache ? 'ben' : 'cat';
      await person(frontdesk, login, login);
      await page.goto(`${sites.siteC}/sign-in`);
      await signInOn(page, login);
      await page.click('text=Allow');
      await page.waitForURL(`${sites.siteC}/`);
      await page.goBack();
      await page.waitForSelector('text=You are signed in');
      await page.click('text=Go on to Site C');
      await page.waitForURL(`${sites.siteC}/`);
    });

    test('a sign-in form that is submitted after a sign-in in another tab shows who is signed in', async () => {
      await openSignInPage();
      const other = await visitor.newTab();
      await other.goto(page.url());
      await signInOn(other);
      await other.waitForSelector('#seen');
      // An ended interaction is kept for ten seconds.
      const expireInteractions = `update artifacts set payload = payload || jsonb_build_object('exp', 0) where kind = 'Interaction'`;
      await runSql(frontdesk.db, expireInteractions);
      await signInOn(page);
      await followLinkToA();
    });
  });

  test.each([0, 20, 60, 150])(
    'pressing the sign-in button twice, %i ms apart, leads to the app',
    async (milliseconds) => {
      await openSignInPage();
      await page.fill('[name=login]', 'ann');
      await page.fill('[name=password]', 'correct horse battery staple');
      await page.evaluate(`{
      const [button] = document.querySelectorAll('button[type=submit]');
      button.click();
      setTimeout(() => button.click(), ${milliseconds});
    }`);
      await page.waitForSelector('#seen, #problem');
      expect(new URL(page.url()).origin).toBe(sites.siteA);
    },
  );

  test('G10 after sixty sign-in pages the browser keeps cookies of other apps, and the newest page works', async () => {
    const { context } = visitor;
    await context.addCookies([{ name: 'of_another_app', value: 'x', url: frontdesk.issuer }]);
    for (let count = 0; count < 60; count += 1) await page.goto(`${sites.siteA}/sign-in`);
    const names = (await context.cookies(frontdesk.issuer)).map(({ name }) => name);
    expect(names).toContain('of_another_app');
    expect(names.filter((name) => name.startsWith('fd_'))).toHaveLength(6);
    await signInOn(page);
    await page.waitForSelector('#seen');
  });

  test('G10 images, frames and scripts of another site begin no interaction', async () => {
    const { context } = visitor;
    const url = `${frontdesk.issuer}/oauth/authorize?client_id=site-a&response_type=code&scope=openid&redirect_uri=${sites.siteA}/callback`;
    const server = createServer((_request, response) => {
      const body = `<link rel="icon" href="data:,"><img src="${url}"><iframe src="${url}"></iframe>`;
      response.writeHead(200, { 'content-type': 'text/html' }).end(body);
    });
    await page.goto(`http://evil.localhost:${await listen(server)}/`);
    await page.evaluate(`fetch(${JSON.stringify(url)}, { mode: 'no-cors', credentials: 'include' })`);
    const refusalCount = async () => frontdesk.logged.filter((line) => line.includes('"navigation_required"')).length;
    await becomes(refusalCount, 3);
    expect(await context.cookies(frontdesk.issuer)).toEqual([]);
    // The frame does not show the error page either.
    expect(visitor.problems.splice(0)).toEqual([expect.stringContaining("frame-ancestors 'none'")]);
  });
});
