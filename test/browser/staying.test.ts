/** Staying signed in, in a real browser: "Keep me signed in", and two tabs. */
import type { Browser } from 'playwright-core';
import { ann } from '../support/people-and-apps.ts';
import { describeInChromium, openChromium, openProfile } from '../support/chromium.ts';
import { temporaryFolder } from '../support/cleanup.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { startSites, type Sites } from '../support/sites.ts';
import { isInA, openBothSites, openSiteB, openVisitor, renewB, signInOn, visitorIn } from '../support/visitor.ts';

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

    /** Opens site A with this profile. @returns whether there was a session */
    async function isKnown(isRemembered: boolean): Promise<boolean> {
      const { context, page } = await visitorIn(await openProfile(folder));
      await page.goto(`${sites.siteA}/sign-in`);
      await page.waitForSelector('#seen, [name=login]');
      const knew = await page.isVisible('#seen');
      if (!knew) {
        await signInOn(page, 'ann', { isRemembered });
        await page.waitForSelector('#seen');
      }
      await context.close();
      return knew;
    }

    test('is signed out, unless "Keep me signed in" was ticked', async () => {
      expect(await isKnown(false)).toBe(false);
      expect(await isKnown(true)).toBe(false);
      expect(await isKnown(true)).toBe(true);
    });
  });

  describe('two tabs', () => {
    let chromium: Browser;
    beforeAll(async () => void (chromium = await openChromium()));

    test.each([0, 50, 500])('that refresh with one token %i ms apart sign nobody out', async (milliseconds) => {
      const visitor = await openVisitor(chromium);
      const { siteA, siteB, newTab } = await openBothSites(visitor, sites, 'ann');
      const second = await newTab();
      await openSiteB(second, sites);

      // As a duplicated tab does, or an app that shares its tokens between tabs.
      let shared = '';
      siteB.on('request', (request) => {
        if (request.url().endsWith('/oauth/token')) shared = request.postDataJSON().refresh_token as string;
      });
      const answers: number[] = [];
      siteB.on('response', (response) => {
        if (response.url().endsWith('/oauth/token')) answers.push(response.status());
      });
      const first = siteB.waitForRequest('**/oauth/token');
      await siteB.click('#refresh');
      await first;
      await second.waitForTimeout(milliseconds);
      const form = { grant_type: 'refresh_token', client_id: 'site-b', refresh_token: shared };
      const status = await second.evaluate(
        `fetch(${JSON.stringify(`${frontdesk.issuer}/oauth/token`)}, {
          method: 'POST', body: new URLSearchParams(${JSON.stringify(form)}),
        }).then(({ status }) => status)`,
      );
      expect([shared.length > 20, status, answers]).toEqual([true, 200, [200]]);

      expect(await renewB(siteB)).toBe('renewed');
      expect(await renewB(second)).toBe('renewed');
      expect(await isInA(siteA)).toBe(true);
      await visitor.context.close();
      expect(visitor.problems).toEqual([]);
    });
  });
});
