/** Tests single sign-on at the example sites in a real browser. */
import type { Browser, BrowserContext, Page, Request } from 'playwright-core';
import { sendRequest } from '../support/browser.ts';
import { ann } from '../support/people-and-apps.ts';
import { describeInChromium, openChromium } from '../support/chromium.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { startSites, type Sites } from '../support/sites.ts';
import { openVisitor, signInOn, type Visitor } from '../support/visitor.ts';

describeInChromium('in Chromium', () => {
  let frontdesk: Frontdesk;
  let sites: Sites;
  let chromium: Browser;
  let context: BrowserContext;
  let page: Page;
  let problems: string[];

  beforeAll(async () => {
    frontdesk = await startFrontdesk();
    await ann(frontdesk);
    sites = await startSites(frontdesk);
    chromium = await openChromium();
  });

  beforeEach(async () => open(await openVisitor(chromium)));
  afterEach(async () => {
    await context.close();
    // `problems` has the forms and scripts that the content security policy blocked.
    expect(problems).toEqual([]);
  });

  function open(visitor: Visitor): void {
    ({ context, page, problems } = visitor);
  }

  const signIn = (secret?: string) => signInOn(page, 'ann', { secret });

  /** The navigation requests that the page sends while `act` runs, with their Sec-Fetch-Site. */
  async function navigations(act: () => Promise<void>): Promise<{ url: string; site: string | undefined }[]> {
    const requests: Request[] = [];
    const keepNavigation = (request: Request) => void (request.isNavigationRequest() && requests.push(request));
    page.on('request', keepNavigation);
    await act();
    page.off('request', keepNavigation);
    return Promise.all(
      requests.map(async (request) => ({ url: request.url(), site: (await request.allHeaders())['sec-fetch-site'] })),
    );
  }

  test('a person who signed in at site A is signed in at site B, which is cross-site, without a page', async () => {
    await page.goto(sites.siteA);
    const requests = await navigations(async () => {
      await page.click('text=Sign in');
      await page.waitForSelector('[name=login]');
    });
    expect(requests.find(({ url }) => url.startsWith(`${frontdesk.issuer}/oauth/authorize`))?.site).toBe('cross-site');
    await signIn();
    await page.waitForSelector('#seen');
    expect(await page.textContent('h1')).toBe('Hello, Ann Archer');
    expect(await page.textContent('#seen')).toBe('You signed in less than a minute ago.');

    // Site B redirects to Frontdesk and back, and no page of Frontdesk is shown.
    const navigationsToB = await navigations(async () => {
      await page.goto(sites.siteB);
      await page.waitForSelector('#seen:visible');
    });
    const authorizations = navigationsToB.filter(({ url }) => url.startsWith(`${frontdesk.issuer}/oauth/authorize?`));
    expect(authorizations.map(({ site }) => site)).toEqual(['cross-site']);
    expect(navigationsToB.filter(({ url }) => url.includes('/interaction/'))).toEqual([]);
    expect(await page.textContent('h1 >> visible=true')).toBe('Hello, Ann Archer');
    expect(await page.textContent('#seen')).toMatch(/^Recognised: you signed in/);
  });

  test('site B recognises a person who opens it, signs in at site A, and opens it again', async () => {
    await page.goto(sites.siteB);
    await page.waitForSelector('#sign-in:visible');
    await page.goto(`${sites.siteA}/sign-in`);
    await signIn();
    await page.waitForURL(`${sites.siteA}/`);
    await page.goto(sites.siteB);
    await page.waitForSelector('#seen:visible');
    expect(await page.textContent('#seen')).toMatch(/^Recognised: you signed in/);
    // After "Sign out here" site B does not sign the person in again until they press its button.
    await page.click('#sign-out');
    await page.reload();
    await page.waitForSelector('#sign-in:visible');
  });

  test('a person who is signed in consents once to third-party site C, without typing anything', async () => {
    await page.goto(`${sites.siteA}/sign-in`);
    await signIn();
    await page.waitForURL(`${sites.siteA}/`);
    const signInAtC = async () => {
      await page.goto(sites.siteC);
      await page.click('text=Sign in');
    };
    await signInAtC();
    await page.waitForSelector('text=Site C asks for access');
    expect(await page.textContent('.permissions')).toContain('See your e-mail address');
    await page.click('text=Cancel');
    expect(await page.textContent('#problem')).toBe('You did not allow the access.');
    await page.click('text=Sign in');
    await page.click('text=Allow');
    await page.waitForURL(`${sites.siteC}/`);
    expect(await page.textContent('h1')).toBe('Hello, Ann Archer');
    expect(await page.textContent('table')).toContain('ann@example.com');
    await page.click('text=Sign out here');
    const secondSignIn = await navigations(async () => {
      await signInAtC();
      await page.waitForURL(`${sites.siteC}/`);
    });
    expect(secondSignIn.filter(({ url }) => url.includes('/interaction/'))).toEqual([]);
  });

  test('both APIs accept the access token of site B, which refreshes it, and site A recognises the person', async () => {
    await page.goto(sites.siteB);
    await page.click('#sign-in');
    await signIn();
    await page.waitForSelector('#seen:visible');
    for (const api of [1, 2]) {
      await page.click(`#api-${api}`);
      await page.waitForSelector(`#answer:has-text("api-${api} verified")`);
    }
    const expiryBefore = await page.textContent('#expiry');
    await page.waitForTimeout(1100);
    await page.click('#refresh');
    await page.waitForSelector(`#expiry:not(:has-text("${expiryBefore}"))`);
    // No token is in storage or cookies.
    const stored = await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])');
    expect(stored).not.toMatch(/ey[A-Za-z0-9_-]{20}|access_token|refresh_token/);

    await page.goto(sites.siteA);
    await page.click('text=Sign in');
    await page.waitForSelector('#seen');
    expect(await page.textContent('#seen')).toMatch(/^Recognised: you signed in/);
  });

  test('A14 the sign-in form redirects to the site after a wrong and a right password', async () => {
    await page.goto(`${sites.siteA}/sign-in`);
    await signIn('not the password');
    await page.waitForSelector('[role=alert]');
    expect(await page.inputValue('[name=login]')).toBe('ann');
    expect(await page.evaluate('document.activeElement.name')).toBe('password');
    await signIn();
    await page.waitForURL(`${sites.siteA}/`);
  });

  test('A14 "Cancel" redirects to the site, which shows that the sign-in was cancelled', async () => {
    await page.goto(`${sites.siteA}/sign-in`);
    await page.click('[data-action=cancel]');
    await page.waitForSelector('#problem');
    expect(await page.textContent('#problem')).toBe('You cancelled the sign-in.');
  });

  test('A14 "Sign out everywhere" ends the session and redirects to the site without a confirmation page', async () => {
    await page.goto(`${sites.siteA}/sign-in`);
    await signIn();
    await page.waitForURL(`${sites.siteA}/`);
    await page.click('text=Sign out everywhere');
    await page.waitForURL(`${sites.siteA}/`);
    await page.click('text=Sign in');
    await page.waitForSelector('[name=login]');
  });

  test('"Sign out here" does not end the session at Frontdesk', async () => {
    await page.goto(`${sites.siteA}/sign-in`);
    await signIn();
    await page.click('text=Sign out here');
    await page.waitForTimeout(2100);
    await page.click('text=Sign in');
    await page.waitForSelector('#seen');
    expect(await page.textContent('#seen')).toMatch(/^Recognised/);
  });

  test('an expired page links to the site', async () => {
    await page.goto(`${sites.siteA}/sign-in`);
    await context.clearCookies();
    await signIn();
    await page.waitForSelector('text=This page has expired');
    await page.click('text=Back to Site A');
    await page.waitForURL(`${sites.siteA}/`);
  });

  test('a person signs in and out at site A without JavaScript', async () => {
    await context.close();
    open(await openVisitor(chromium, { javaScriptEnabled: false }));
    await page.goto(`${sites.siteA}/sign-in`);
    await signIn();
    await page.waitForURL(`${sites.siteA}/`);
    await page.click('text=Sign out everywhere');
    await page.waitForURL(`${sites.siteA}/`);
  });

  test('the "Show" button shows the password', async () => {
    await page.goto(`${sites.siteA}/sign-in`);
    await page.fill('[name=password]', 'abc');
    await page.click('text=Show');
    expect(await page.getAttribute('[name=password]', 'type')).toBe('text');
    await page.click('text=Hide');
    expect(await page.getAttribute('[name=password]', 'type')).toBe('password');
  });

  test('A13 the content security policy blocks injected scripts', async () => {
    await page.goto(`${sites.siteA}/sign-in`);
    await page.route('**/interaction/**', async (route) => {
      // `route.fetch` would resolve *.localhost by Node, which may fail.
      const {
        status,
        headers,
        body: originalBody,
      } = await sendRequest(route.request().url(), {
        headers: { cookie: (await route.request().allHeaders())['cookie'] ?? '' },
      });
      const body = originalBody.replace(
        '</main>',
        '<script>window.stolen = 1</script><img src="x" onerror="window.stolen = 2"><script src="https://evil.example/x.js"></script></main>',
      );
      const policy = String(headers['content-security-policy']);
      await route.fulfill({ status, contentType: 'text/html', headers: { 'content-security-policy': policy }, body });
    });
    // Playwright intercepts the URL at which a navigation starts, not the URLs that it is redirected to.
    await page.reload();
    expect(await page.evaluate("document.querySelectorAll('main script').length")).toBe(2);
    expect(await page.evaluate('window.stolen')).toBeUndefined();
    expect(problems.join('\n')).toMatch(/Content Security Policy/);
    problems.length = 0;
  });
});
