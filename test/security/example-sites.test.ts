/** Requirement of README.md beside this file: B09. The example sites compare what comes back with what they asked. */
import type { Browser } from 'playwright-core';
import { createBrowser } from '../support/browser.ts';
import { ann } from '../support/people-and-apps.ts';
import { describeInChromium, openChromium } from '../support/chromium.ts';
import { signIn } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { startSites, type Sites } from '../support/sites.ts';

let frontdesk: Frontdesk;
let sites: Sites;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await ann(frontdesk);
  sites = await startSites(frontdesk);
});

/** Changes of the response by an attacker (RFC 9207 §1, RFC 9700 §4.4). */
const changes: [string, (answer: URLSearchParams) => void][] = [
  ['of another issuer', (answer) => answer.set('iss', 'https://evil.example')],
  ['without an issuer', (answer) => answer.delete('iss')],
  ['with another state', (answer) => answer.set('state', 'guessed')],
  ['without a state', (answer) => answer.delete('state')],
];

describe.each(['siteA', 'siteC'] as const)('B09 %s', (name) => {
  const answerAfter = async (change: (answer: URLSearchParams) => void) => {
    const site = sites[name];
    const browser = createBrowser((url) => url.startsWith(`${site}/callback`));
    const asked = await signIn(await browser.visit(`${site}/sign-in`), 'ann');
    const answer = new URL((asked.location ? asked : await asked.submit()).location!);
    change(answer.searchParams);
    await browser.send(answer.href);
    return browser.visit(`${site}/`);
  };

  test('accepts the response to its request', async () => {
    expect((await answerAfter(() => {})).text).toContain('Ann Archer');
  });

  test.each(changes)('refuses a response %s', async (_what, change) => {
    expect((await answerAfter(change)).text).not.toContain('Ann');
  });
});

describeInChromium('B09 site B', () => {
  let chromium: Browser;
  beforeAll(async () => {
    chromium = await openChromium();
  });

  /** Signs in outside of Chromium, and sends Chromium to the changed response. @returns the text of the page */
  const textAfter = async (change: (answer: URLSearchParams) => void) => {
    const context = await chromium.newContext();
    const page = await context.newPage();
    await page.route(`${frontdesk.issuer}/oauth/authorize?*`, async (route) => {
      const url = route.request().url();
      if (url.includes('prompt=none')) return route.continue();
      const person = createBrowser((to) => to.startsWith(`${sites.siteB}/callback`));
      const asked = await signIn(await person.visit(url), 'ann');
      const answer = new URL((asked.location ? asked : await asked.submit()).location!);
      change(answer.searchParams);
      return route.fulfill({ status: 302, headers: { location: answer.href } });
    });
    await page.goto(`${sites.siteB}/`);
    await page.click('#sign-in');
    await page.waitForURL(`${sites.siteB}/**`);
    const shown = page.locator('#signed-in:visible, #problem:visible');
    await shown.waitFor();
    const text = await page.innerText('main');
    await context.close();
    return text;
  };

  test('accepts the response to its request', async () => {
    expect(await textAfter(() => {})).toContain('Ann Archer');
  });

  test.each(changes)('refuses a response %s', async (_what, change) => {
    expect(await textAfter(change)).not.toContain('Ann');
  });
});
