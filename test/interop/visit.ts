/** A person at a browser who uses one client: signs in, is recognised, signs out. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { shorten, type Visit } from './browser.ts';
import type { Client, Person, Site, Steps } from './client.ts';

const patienceMilliseconds = 20_000;

export interface Running {
  client: Client;
  site: Site;
}

async function take(visit: Visit, site: Site, { path, press }: Steps): Promise<void> {
  await visit.page.goto(`${site.url}${path}`);
  if (press !== undefined) await visit.page.click(press);
  // Some clients offer sign-in on a page with status 403.
  visit.refusedAt = undefined;
}

const loginField = '[name=login]';
const consentButton = 'form[action*="/consent"] button[type=submit]';
const signOutButton = 'button[name=logout]';

interface Sight {
  url: string;
  isAtClient: boolean;
  text: string;
}

/** @returns undefined while the page is on its way to another one */
async function look(page: Page, site: Site): Promise<Sight | undefined> {
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
 * Looks at the page until `decide` says what became of it.
 *
 * @throws Error with the last sight when an error page was reached, or nothing came of it for a while
 */
async function until<T>(visit: Visit, site: Site, decide: (sight: Sight) => Promise<T | undefined>): Promise<T> {
  const { page } = visit;
  const deadline = Date.now() + patienceMilliseconds;
  let last: Sight | undefined;
  while (Date.now() < deadline) {
    const sight = await look(page, site);
    if (sight) {
      last = sight;
      const decided = await decide(sight);
      if (decided !== undefined) return decided;
      if (sight.url === visit.refusedAt) break;
    }
    await sleep(100);
  }
  throw new Error(`stopped at ${shorten(last?.url ?? page.url())}, which says "${shorten(last?.text ?? '')}"`);
}

/** Presses a button, and waits until the page it is on is left. */
async function pressAndLeave(page: Page, selector: string): Promise<void> {
  const isLeft = page.waitForEvent('framenavigated', { timeout: patienceMilliseconds });
  try {
    await Promise.all([isLeft, page.click(selector)]);
  } catch {
    throw new Error(`pressed ${selector} at ${page.url()}, and nothing came of it`);
  }
}

async function typePassword(page: Page, { email, password }: Person): Promise<void> {
  await page.fill(loginField, email);
  await page.fill('[name=password]', password);
  await pressAndLeave(page, `form:has(${loginField}) button[type=submit]`);
}

/** Every client's page says this to a person whom it knows. */
const signedIn = 'Signed in';

/**
 * Begins at the client, goes through Frontdesk's pages, and comes back.
 *
 * @returns whether a password was asked for, and what the client shows of the person
 * @throws Error when it does not come back signed in
 */
export async function signIn(visit: Visit, { client, site }: Running, person: Person) {
  const { page } = visit;
  let isAsked = false;
  await take(visit, site, client.signIn);
  const shown = await until(visit, site, async ({ isAtClient, text }) => {
    if (isAtClient) return text.includes(signedIn) ? text : undefined;
    if (await isVisible(page, loginField)) {
      if (isAsked) throw new Error(`the password was not taken: "${shorten(text)}"`);
      isAsked = true;
      await typePassword(page, person);
    } else if (await isVisible(page, consentButton)) {
      await pressAndLeave(page, consentButton);
    }
    return undefined;
  });
  const { shows = ({ name, email }: Person) => [name, email] } = client;
  const missing = shows(person).filter((word) => !shown.includes(word));
  return { isAsked, missing, shown: shorten(shown) };
}

/** @throws Error when the client, or Frontdesk, still knows the person afterwards */
export async function signOut(visit: Visit, { client, site }: Running): Promise<void> {
  const { page } = visit;
  const steps = client.signOut!;
  await take(visit, site, steps);
  await until(visit, site, async ({ isAtClient, text }) => {
    if (isAtClient) return text.includes(signedIn) ? undefined : true;
    if (await isVisible(page, signOutButton)) await pressAndLeave(page, signOutButton);
    return undefined;
  });
  if (steps.ends === 'the app') return;
  await take(visit, site, client.signIn);
  await until(visit, site, async ({ isAtClient, text }) => {
    if (isAtClient && text.includes(signedIn)) throw new Error('nobody has to sign in after signing out');
    return (!isAtClient && (await isVisible(page, loginField))) || undefined;
  });
}
