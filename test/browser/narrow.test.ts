/** Tests in a browser 360 px wide that pages fit the screen, and that links and buttons have distinct names. */
import type { Browser, Page } from 'playwright-core';
import { ann } from '../support/people-and-apps.ts';
import { describeInChromium, openChromium } from '../support/chromium.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { startSites, type Sites } from '../support/sites.ts';
import { openSiteB, openSiteC, openVisitor, signInOn, type Visitor } from '../support/visitor.ts';

const screenWidth = 360;

/** The width of the page; more than `screenWidth` when an element does not fit. */
const widthOf = (page: Page) => page.evaluate<number>('document.documentElement.scrollWidth');

/** Names that several links or buttons have, although they do different things. */
const ambiguousNames = (page: Page) =>
  page.evaluate<string[]>(`(() => {
    const controls = [...document.querySelectorAll('a, button')].filter((control) => control.checkVisibility());
    const actionOf = (control) => control.href ?? (control.form ? control.form.action + '?' + control.name : control.id);
    const byName = Map.groupBy(controls, (control) => control.ariaLabel ?? control.textContent.trim());
    return [...byName].filter(([, same]) => new Set(same.map(actionOf)).size > 1).map(([name]) => name);
  })()`);

describeInChromium('at 360 px', () => {
  let frontdesk: Frontdesk;
  let sites: Sites;
  let chromium: Browser;
  let visitor: Visitor;

  beforeAll(async () => {
    frontdesk = await startFrontdesk();
    await ann(frontdesk);
    sites = await startSites(frontdesk);
    chromium = await openChromium();
    visitor = await openVisitor(chromium, { viewport: { width: screenWidth, height: 740 } });
  });

  async function expectToFit(page: Page): Promise<void> {
    expect([page.url(), await widthOf(page)]).toEqual([page.url(), screenWidth]);
    expect([page.url(), await ambiguousNames(page)]).toEqual([page.url(), []]);
  }

  test('pages fit the screen of a person who is signed out', async () => {
    const { page } = visitor;
    await page.goto(sites.siteB);
    await page.waitForSelector('#sign-in:visible');
    await expectToFit(page);
    for (const address of [sites.siteA, sites.siteC, frontdesk.issuer, `${frontdesk.issuer}/account`]) {
      await page.goto(address);
      await expectToFit(page);
    }
  });

  test('pages fit the screen of a person who is signed in', async () => {
    // Signs in on a second device, which the devices page lists too.
    const userAgent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
    const { context, page: otherDevice } = await openVisitor(chromium, { userAgent });
    await otherDevice.goto(`${sites.siteA}/sign-in`);
    await signInOn(otherDevice);
    await otherDevice.waitForSelector('#seen');
    await context.close();

    const { page } = visitor;
    await page.goto(`${sites.siteA}/sign-in`);
    await signInOn(page, 'ann', { secret: 'not the password' });
    await signInOn(page);
    await page.waitForSelector('#seen');
    await expectToFit(page);
    await openSiteB(page, sites);
    await page.click('#api-1');
    await page.waitForSelector('#answer:has-text("verified")');
    await expectToFit(page);
    await openSiteC(page, sites);
    await expectToFit(page);
    for (const path of ['', '/devices', '/apps', '/activity']) {
      await page.goto(`${frontdesk.issuer}/account${path}`);
      await expectToFit(page);
    }
    await page.click('text=Was this you?');
    await page.waitForSelector('.steps');
    await expectToFit(page);
  });

  test('the current page is marked in the navigation with forced colours too', async () => {
    const { page } = visitor;
    await page.goto(`${frontdesk.issuer}/account/devices`);
    const borderOf = (selector: string) =>
      page.evaluate<string>(`getComputedStyle(document.querySelector('${selector}')).borderTopStyle`);
    await page.emulateMedia({ forcedColors: 'active' });
    expect([await borderOf('nav a[aria-current]'), await borderOf('nav a:not([aria-current])')]).toEqual([
      'solid',
      'none',
    ]);
    await page.emulateMedia({ forcedColors: 'none' });
  });
});
