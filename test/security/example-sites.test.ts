/** Requirement of README.md beside this file: B09. Tests that the example sites compare an authorization response with their request. */
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

/** Changes that an attacker makes to the authorization response (RFC 9207 §1, RFC 9700 §4.4). */
const changes: [string, (parameters: URLSearchParams) => void][] = [
  ['of another issuer', (parameters) => parameters.set('iss', 'https://evil.example')],
  ['without an issuer', (parameters) => parameters.delete('iss')],
  ['with another state', (parameters) => parameters.set('state', 'guessed')],
  ['without a state', (parameters) => parameters.delete('state')],
];

describe.each(['siteA', 'siteC'] as const)('B09 %s', (name) => {
  const visitAfter = async (changeParameters: (parameters: URLSearchParams) => void) => {
    const site = sites[name];
    const browser = createBrowser((url) => url.startsWith(`${site}/callback`));
    const lastPage = await signIn(await browser.visit(`${site}/sign-in`), 'ann');
    const callbackUrl = new URL((lastPage.location ? lastPage : await lastPage.submit()).location!);
    changeParameters(callbackUrl.searchParams);
    await browser.send(callbackUrl.href);
    return browser.visit(`${site}/`);
  };

  test('accepts the unchanged response to its request', async () => {
    expect((await visitAfter(() => {})).text).toContain('Ann Archer');
  });

  test.each(changes)('refuses a response %s', async (_what, changeParameters) => {
    expect((await visitAfter(changeParameters)).text).not.toContain('Ann');
  });
});

describeInChromium('B09 site B', () => {
  let chromium: Browser;
  beforeAll(async () => {
    chromium = await openChromium();
  });

  /** Signs in with another browser and redirects Chromium to the changed response. @returns the text of the page */
  const textAfter = async (changeParameters: (parameters: URLSearchParams) => void) => {
    const context = await chromium.newContext();
    const page = await context.newPage();
    await page.route(`${frontdesk.issuer}/oauth/authorize?*`, async (route) => {
      const url = route.request().url();
      if (url.includes('prompt=none')) return route.continue();
      const person = createBrowser((to) => to.startsWith(`${sites.siteB}/callback`));
      const lastPage = await signIn(await person.visit(url), 'ann');
      const callbackUrl = new URL((lastPage.location ? lastPage : await lastPage.submit()).location!);
      changeParameters(callbackUrl.searchParams);
      return route.fulfill({ status: 302, headers: { location: callbackUrl.href } });
    });
    await page.goto(`${sites.siteB}/`);
    await page.click('#sign-in');
    await page.waitForURL(`${sites.siteB}/**`);
    const result = page.locator('#signed-in:visible, #problem:visible');
    await result.waitFor();
    const text = await page.innerText('main');
    await context.close();
    return text;
  };

  test('accepts the unchanged response to its request', async () => {
    expect(await textAfter(() => {})).toContain('Ann Archer');
  });

  test.each(changes)('refuses a response %s', async (_what, changeParameters) => {
    expect(await textAfter(changeParameters)).not.toContain('Ann');
  });
});
