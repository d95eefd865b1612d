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
      // Chromium also reports responses with a 4xx status, which a refused form gets.
      if (message.type() === 'error' && !message.text().includes('status of 4')) problems.push(message.text());
    });
    page.on('pageerror', (error) => problems.push(error.message));
    return page;
  };
  return { context, page: await newTab(), problems, newTab };
}

/** Fills in and submits the sign-in form. @param options `keepsSignedIn`: whether to tick "Keep me signed in" */
export async function signInOn(
  page: Page,
  login = 'ann',
  { secret = password, keepsSignedIn = false }: { secret?: string | undefined; keepsSignedIn?: boolean } = {},
) {
  await page.fill('[name=login]', login);
  await page.fill('[name=password]', secret);
  if (keepsSignedIn) await page.check('[name=remember]');
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

/** Opens site B in a browser with a session at Frontdesk, and waits until the page shows the person. */
export async function openSiteB(page: Page, sites: Sites): Promise<void> {
  await page.goto(sites.siteB);
  await page.waitForSelector('#seen:visible');
}

/** Signs in at site C in a browser with a session at Frontdesk, and consents if the consent page is shown. */
export async function openSiteC(page: Page, sites: Sites): Promise<void> {
  await page.goto(`${sites.siteC}/sign-in`);
  await page.waitForSelector('#seen, .permissions');
  if (await page.isVisible('.permissions')) await page.click('text=Allow');
  await page.waitForURL(`${sites.siteC}/`);
}

const signedOut = 'You are not signed in here';

/** Reloads site A. @returns its heading */
async function reloadedHeadingOfA(page: Page): Promise<string | null> {
  await page.reload();
  return page.textContent('h1');
}

/** Waits until site A shows that nobody is signed in. */
export const waitUntilSignedOutOfA = (page: Page): Promise<void> => becomes(() => reloadedHeadingOfA(page), signedOut);

export const isSignedInAtA = async (page: Page): Promise<boolean> => (await reloadedHeadingOfA(page)) !== signedOut;

/** Presses the refresh button of site B. @returns 'renewed', or the message when the refresh failed */
export async function refreshAtB(page: Page): Promise<'renewed' | 'You were signed out.'> {
  // The page shows the expiry of the token in whole seconds, which changes only for a token of a later second.
  const expiryBefore = await page.textContent('#expiry');
  await page.waitForTimeout(1_100);
  await page.click('#refresh');
  await page.waitForSelector(`#problem:visible, #expiry:visible:not(:has-text("${expiryBefore}"))`);
  return (await page.isVisible('#problem')) ? ((await page.textContent('#problem')) as never) : 'renewed';
}
