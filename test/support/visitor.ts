/** A person in a real browser: a profile, its tabs, and what the browser reported. */
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { password } from './people-and-apps.ts';
import { becomes, patienceMilliseconds } from './eventually.ts';
import type { Sites } from './sites.ts';

export interface Visitor {
  context: BrowserContext;
  /** The first tab. */
  page: Page;
  /** Violations of the content security policy and errors of scripts. */
  problems: string[];
  newTab: () => Promise<Page>;
}

export async function openVisitor(chromium: Browser, options: BrowserContextOptions = {}): Promise<Visitor> {
  return visitorIn(await chromium.newContext(options));
}

export async function visitorIn(context: BrowserContext): Promise<Visitor> {
  const problems: string[] = [];
  const newTab = async () => {
    const page = await context.newPage();
    page.setDefaultTimeout(patienceMilliseconds);
    page.on('console', (message) => {
      // A refused form or a lost session answers 4xx, which Chromium reports as well.
      if (message.type() === 'error' && !message.text().includes('status of 4')) problems.push(message.text());
    });
    page.on('pageerror', (error) => problems.push(error.message));
    return page;
  };
  return { context, page: await newTab(), problems, newTab };
}

/** Fills in Frontdesk's sign-in page. */
export async function signInOn(
  page: Page,
  login = 'ann',
  { secret = password, isRemembered = false }: { secret?: string | undefined; isRemembered?: boolean } = {},
) {
  await page.fill('[name=login]', login);
  await page.fill('[name=password]', secret);
  if (isRemembered) await page.check('[name=remember]');
  await page.click('button[type=submit]');
}

export interface Tabs extends Visitor {
  siteA: Page;
  siteB: Page;
}

/** Signs in at site A and opens site B in a second tab. */
export async function openBothSites(visitor: Visitor, sites: Sites, login: string): Promise<Tabs> {
  const { page: siteA } = visitor;
  await siteA.goto(`${sites.siteA}/sign-in`);
  await signInOn(siteA, login);
  await siteA.waitForSelector('#seen');
  const siteB = await visitor.newTab();
  await openSiteB(siteB, sites);
  return { ...visitor, siteA, siteB };
}

/** Opens site B with a session at Frontdesk: nothing is to press. */
export async function openSiteB(page: Page, sites: Sites): Promise<void> {
  await page.goto(sites.siteB);
  await page.waitForSelector('#seen:visible');
}

/** Signs in at site C with a session at Frontdesk; consents where it is asked for. */
export async function openSiteC(page: Page, sites: Sites): Promise<void> {
  await page.goto(`${sites.siteC}/sign-in`);
  await page.waitForSelector('#seen, .permissions');
  if (await page.isVisible('.permissions')) await page.click('text=Allow');
  await page.waitForURL(`${sites.siteC}/`);
}

const signedOut = 'You are not signed in here';

/** The heading of site A, loaded again. */
async function headingOfA(page: Page): Promise<string | null> {
  await page.reload();
  return page.textContent('h1');
}

/** Waits until site A shows that nobody is signed in. */
export const expectOutOfA = (page: Page): Promise<void> => becomes(() => headingOfA(page), signedOut);

export const isInA = async (page: Page): Promise<boolean> => (await headingOfA(page)) !== signedOut;

/** Site B notices when it renews its token. */
export async function renewB(page: Page): Promise<'renewed' | 'You were signed out.'> {
  // The page shows the second at which the token expires: a token of a later second reads differently.
  const before = await page.textContent('#expiry');
  await page.waitForTimeout(1_100);
  await page.click('#refresh');
  await page.waitForSelector(`#problem:visible, #expiry:visible:not(:has-text("${before}"))`);
  return (await page.isVisible('#problem')) ? ((await page.textContent('#problem')) as never) : 'renewed';
}
