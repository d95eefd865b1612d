/** What a person does at a client in a browser: signs in, and signs out. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { shorten, type Visit } from './browser.ts';
import type { Client, Person, Site, Steps } from './client.ts';

const patienceMilliseconds = 20_000;

export interface Running {
  client: Client;
  site: Site;
}

async function open(visit: Visit, site: Site, { path, click }: Steps): Promise<void> {
  await visit.page.goto(`${site.url}${path}`);
  if (click !== undefined) await visit.page.click(click);
  // Some clients offer sign-in on a page with status 403.
  visit.errorPage = undefined;
}

const loginField = '[name=login]';
const consentButton = 'form[action*="/consent"] button[type=submit]';
const signOutButton = 'button[name=logout]';

interface PageState {
  url: string;
  isAtClient: boolean;
  text: string;
}

/** @returns undefined while the browser leaves the page */
async function readPage(page: Page, site: Site): Promise<PageState | undefined> {
  const url = page.url();
  try {
    const text = await page.innerText('body', { timeout: 1000 });
    return page.url() === url ? { url, isAtClient: url.startsWith(`${site.url}/`), text } : undefined;
  } catch {
    return undefined;
  }
}

async function isVisible(page: Page, selector: string): Promise<boolean> {
  try {
    return await page.isVisible(selector);
  } catch {
    return false;
  }
}

/**
 * Reads the page until `decide` returns a value.
 *
 * @throws Error with address and text of the page, when it is an error page, or after 20 s
 */
async function until<T>(visit: Visit, site: Site, decide: (state: PageState) => Promise<T | undefined>): Promise<T> {
  const { page } = visit;
  const deadline = Date.now() + patienceMilliseconds;
  let last: PageState | undefined;
  while (Date.now() < deadline) {
    const state = await readPage(page, site);
    if (state) {
      last = state;
      const decided = await decide(state);
      if (decided !== undefined) return decided;
      if (state.url === visit.errorPage) break;
    }
    await sleep(100);
  }
  throw new Error(`stopped at ${shorten(last?.url ?? page.url())}, which says "${shorten(last?.text ?? '')}"`);
}

/** Clicks a button, and waits for the next page. */
async function clickAndWait(page: Page, selector: string): Promise<void> {
  const nextPage = page.waitForEvent('framenavigated', { timeout: patienceMilliseconds });
  try {
    await Promise.all([nextPage, page.click(selector)]);
  } catch {
    throw new Error(`no page came after a click on ${selector} at ${page.url()}`);
  }
}

async function typePassword(page: Page, { email, password }: Person): Promise<void> {
  await page.fill(loginField, email);
  await page.fill('[name=password]', password);
  await clickAndWait(page, `form:has(${loginField}) button[type=submit]`);
}

/** Text on the page of every client after a sign-in. */
const signedInText = 'Signed in';

/**
 * Starts a sign-in at the client, and goes through the pages of Frontdesk back to it.
 *
 * @returns whether a password was asked for, the claims that the client does not show, and the text that it shows
 * @throws Error when the client does not show that the person is signed in
 */
export async function signIn(visit: Visit, { client, site }: Running, person: Person) {
  const { page } = visit;
  let passwordWasAsked = false;
  await open(visit, site, client.signIn);
  const shown = await until(visit, site, async ({ isAtClient, text }) => {
    if (isAtClient) return text.includes(signedInText) ? text : undefined;
    if (await isVisible(page, loginField)) {
      if (passwordWasAsked) throw new Error(`the password was refused: "${shorten(text)}"`);
      passwordWasAsked = true;
      await typePassword(page, person);
    } else if (await isVisible(page, consentButton)) {
      await clickAndWait(page, consentButton);
    }
    return undefined;
  });
  const { shows = ({ name, email }: Person) => [name, email] } = client;
  const missing = shows(person).filter((word) => !shown.includes(word));
  return { passwordWasAsked, missing, shown: shorten(shown) };
}

/** @throws Error when the client or the session at Frontdesk does not end */
export async function signOut(visit: Visit, { client, site }: Running): Promise<void> {
  const { page } = visit;
  const steps = client.signOut!;
  await open(visit, site, steps);
  await until(visit, site, async ({ isAtClient, text }) => {
    if (isAtClient) return text.includes(signedInText) ? undefined : true;
    if (await isVisible(page, signOutButton)) await clickAndWait(page, signOutButton);
    return undefined;
  });
  if (steps.ends === 'the app') return;
  await open(visit, site, client.signIn);
  await until(visit, site, async ({ isAtClient, text }) => {
    if (isAtClient && text.includes(signedInText)) throw new Error('no password was asked for after the sign-out');
    return (!isAtClient && (await isVisible(page, loginField))) || undefined;
  });
}
