/** Single sign-on at two sites, in a real browser. */
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
    // A form or a script that a policy stopped shows up here.
    expect(problems).toEqual([]);
  });

  function open(visitor: Visitor): void {
    ({ context, page, problems } = visitor);
  }

  const signIn = (secret?: string) => signInOn(page, 'ann', { secret });

  /** Every navigation while `act` runs, with its Sec-Fetch-Site. */
  async function navigations(act: () => Promise<void>): Promise<{ url: string; site: string | undefined }[]> {
    const requests: Request[] = [];
    const keep = (request: Request) => void (request.isNavigationRequest() && requests.push(request));
    page.on('request', keep);
    await act();
    page.off('request', keep);
    return Promise.all(
      requests.map(async (request) => ({ url: request.url(), site: (await request.allHeaders())['sec-fetch-site'] })),
    );
  }

  test('signed in at site A, known at site B: the sites are strangers to the browser, and nothing is typed', async () => {
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

    // Another domain: a redirect there and back, nothing to press and no page to see.
    const toB = await navigations(async () => {
      await page.goto(sites.siteB);
      await page.waitForSelector('#seen:visible');
    });
    const authorizations = toB.filter(({ url }) => url.startsWith(`${frontdesk.issuer}/oauth/authorize?`));
    expect(authorizations.map(({ site }) => site)).toEqual(['cross-site']);
    expect(toB.filter(({ url }) => url.includes('/interaction/'))).toEqual([]);
    expect(await page.textContent('h1 >> visible=true')).toBe('Hello, Ann Archer');
    expect(await page.textContent('#seen')).toMatch(/^Recognised: you signed in/);
  });

  test('site B, opened before anybody was signed in, recognises the person when it is opened again', async () => {
    await page.goto(sites.siteB);
    await page.waitForSelector('#sign-in:visible');
    await page.goto(`${sites.siteA}/sign-in`);
    await signIn();
    await page.waitForURL(`${sites.siteA}/`);
    await page.goto(sites.siteB);
    await page.waitForSelector('#seen:visible');
    expect(await page.textContent('#seen')).toMatch(/^Recognised: you signed in/);
    // Who signs out here stays out until they want to come back.
    await page.click('#sign-out');
    await page.reload();
    await page.waitForSelector('#sign-in:visible');
  });

  test('site C is somebody else’s: it is allowed once what it may see, without typing anything', async () => {
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
    const again = await navigations(async () => {
      await signInAtC();
      await page.waitForURL(`${sites.siteC}/`);
    });
    expect(again.filter(({ url }) => url.includes('/interaction/'))).toEqual([]);
  });

  test('signed in at site B, known at site A; one access token is accepted by both APIs and is renewed', async () => {
    await page.goto(sites.siteB);
    await page.click('#sign-in');
    await signIn();
    await page.waitForSelector('#seen:visible');
    for (const api of [1, 2]) {
      await page.click(`#api-${api}`);
      await page.waitForSelector(`#answer:has-text("api-${api} verified")`);
    }
    const before = await page.textContent('#expiry');
    await page.waitForTimeout(1100);
    await page.click('#refresh');
    await page.waitForSelector(`#expiry:not(:has-text("${before}"))`);
    // No token is in storage or cookies.
    const stored = await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])');
    expect(stored).not.toMatch(/ey[A-Za-z0-9_-]{20}|access_token|refresh_token/);

    await page.goto(sites.siteA);
    await page.click('text=Sign in');
    await page.waitForSelector('#seen');
    expect(await page.textContent('#seen')).toMatch(/^Recognised: you signed in/);
  });

  test('A14 wrong password, then the right one: the form leads on to the other origin', async () => {
    await page.goto(`${sites.siteA}/sign-in`);
    await signIn('not the password');
    await page.waitForSelector('[role=alert]');
    expect(await page.inputValue('[name=login]')).toBe('ann');
    expect(await page.evaluate('document.activeElement.name')).toBe('password');
    await signIn();
    await page.waitForURL(`${sites.siteA}/`);
  });

  test('A14 cancel leads back to the site, which says so', async () => {
    await page.goto(`${sites.siteA}/sign-in`);
    await page.click('[data-action=cancel]');
    await page.waitForSelector('#problem');
    expect(await page.textContent('#problem')).toBe('You cancelled the sign-in.');
  });

  test('A14 "Sign out everywhere" leads back to the site without a question, and ends the session', async () => {
    await page.goto(`${sites.siteA}/sign-in`);
    await signIn();
    await page.waitForURL(`${sites.siteA}/`);
    await page.click('text=Sign out everywhere');
    await page.waitForURL(`${sites.siteA}/`);
    await page.click('text=Sign in');
    await page.waitForSelector('[name=login]');
  });

  test('"Sign out here" leaves the session at Frontdesk', async () => {
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

  test('everything but site B works without JavaScript', async () => {
    await context.close();
    open(await openVisitor(chromium, { javaScriptEnabled: false }));
    await page.goto(`${sites.siteA}/sign-in`);
    await signIn();
    await page.waitForURL(`${sites.siteA}/`);
    await page.click('text=Sign out everywhere');
    await page.waitForURL(`${sites.siteA}/`);
  });

  test('the password can be shown', async () => {
    await page.goto(`${sites.siteA}/sign-in`);
    await page.fill('[name=password]', 'abc');
    await page.click('text=Show');
    expect(await page.getAttribute('[name=password]', 'type')).toBe('text');
    await page.click('text=Hide');
    expect(await page.getAttribute('[name=password]', 'type')).toBe('password');
  });

  test('A13 an injected script does not run', async () => {
    await page.goto(`${sites.siteA}/sign-in`);
    await page.route('**/interaction/**', async (route) => {
      // Not by `route.fetch`: Node may not resolve *.localhost.
      const {
        status,
        headers,
        body: sent,
      } = await sendRequest(route.request().url(), {
        headers: { cookie: (await route.request().allHeaders())['cookie'] ?? '' },
      });
      const body = sent.replace(
        '</main>',
        '<script>window.stolen = 1</script><img src="x" onerror="window.stolen = 2"><script src="https://evil.example/x.js"></script></main>',
      );
      const policy = String(headers['content-security-policy']);
      await route.fulfill({ status, contentType: 'text/html', headers: { 'content-security-policy': policy }, body });
    });
    // Only a request that starts at this address can be intercepted.
    await page.reload();
    expect(await page.evaluate("document.querySelectorAll('main script').length")).toBe(2);
    expect(await page.evaluate('window.stolen')).toBeUndefined();
    expect(problems.join('\n')).toMatch(/Content Security Policy/);
    problems.length = 0;
  });
});
