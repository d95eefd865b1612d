/** Tests in a real browser that "Keep me signed in" outlives a restart, and that tabs with one token stay signed in. */
import type { Browser } from 'playwright-core';
import { ann } from '../support/people-and-apps.ts';
import { describeInChromium, openChromium, openProfile } from '../support/chromium.ts';
import { temporaryFolder } from '../support/cleanup.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { startSites, type Sites } from '../support/sites.ts';
import {
  isSignedInAtA,
  openBothSites,
  openSiteB,
  openVisitor,
  refreshAtB,
  signInOn,
  visitorIn,
} from '../support/visitor.ts';

describeInChromium('in Chromium', () => {
  let frontdesk: Frontdesk;
  let sites: Sites;

  beforeAll(async () => {
    frontdesk = await startFrontdesk();
    await ann(frontdesk);
    sites = await startSites(frontdesk);
  });

  describe('a browser that is closed and opened again', () => {
    let folder: string;
    beforeEach(() => void (folder = temporaryFolder()));

    /**
     * Opens site A in a new browser with this profile, and signs in unless there is a session.
     *
     * @param keepsSignedIn whether to tick "Keep me signed in" on the sign-in page
     * @returns whether there was a session
     */
    async function openSiteA(keepsSignedIn: boolean): Promise<boolean> {
      const { context, page } = await visitorIn(await openProfile(folder));
      await page.goto(`${sites.siteA}/sign-in`);
      await page.waitForSelector('#seen, [name=login]');
      const hasSession = await page.isVisible('#seen');
      if (!hasSession) {
        await signInOn(page, 'ann', { keepsSignedIn });
        await page.waitForSelector('#seen');
      }
      await context.close();
      return hasSession;
    }

    test('is signed out, unless the person ticked "Keep me signed in"', async () => {
      expect(await openSiteA(false)).toBe(false);
      expect(await openSiteA(true)).toBe(false);
      expect(await openSiteA(true)).toBe(true);
    });
  });

  describe('two tabs', () => {
    let chromium: Browser;
    beforeAll(async () => void (chromium = await openChromium()));

    test.each([0, 50, 500])('that use one refresh token %i ms apart stay signed in', async (milliseconds) => {
      const visitor = await openVisitor(chromium);
      const { siteA, siteB, newTab } = await openBothSites(visitor, sites, 'ann');
      const second = await newTab();
      await openSiteB(second, sites);

      // A duplicated tab uses the same refresh token, and so does an app that shares its tokens between tabs.
      let refreshToken = '';
      siteB.on('request', (request) => {
        if (request.url().endsWith('/oauth/token')) refreshToken = request.postDataJSON().refresh_token as string;
      });
      const firstResponse = siteB.waitForResponse('**/oauth/token');
      const firstRequest = siteB.waitForRequest('**/oauth/token');
      await siteB.click('#refresh');
      await firstRequest;
      await second.waitForTimeout(milliseconds);
      const form = { grant_type: 'refresh_token', client_id: 'site-b', refresh_token: refreshToken };
      const status = await second.evaluate(
        `fetch(${JSON.stringify(`${frontdesk.issuer}/oauth/token`)}, {
          method: 'POST', body: new URLSearchParams(${JSON.stringify(form)}),
        }).then(({ status }) => status)`,
      );
      const firstStatus = (await firstResponse).status();
      expect([refreshToken.length > 20, status, firstStatus]).toEqual([true, 200, 200]);

      expect(await refreshAtB(siteB)).toBe('renewed');
      expect(await refreshAtB(second)).toBe('renewed');
      expect(await isSignedInAtA(siteA)).toBe(true);
      await visitor.context.close();
      expect(visitor.problems).toEqual([]);
    });
  });
});
