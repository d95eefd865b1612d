/** Tests interactions: their cookies and rows, forms that are submitted twice, and pages that a person goes back to. */
import { ann, app, ben, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { runSql } from '../support/database.ts';
import { responseParameters, authorize, codeFor, exchange, newBrowser, signIn } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import type { Browser, Page } from '../support/browser.ts';

let frontdesk: Frontdesk;
let appA: RegisteredApp;
let thirdPartyApp: RegisteredApp;

beforeAll(async () => {
  frontdesk = await startFrontdesk({ settings: { RATE_LIMIT_FACTOR: '100' } });
  await ann(frontdesk);
  await ben(frontdesk);
  appA = await siteA(frontdesk);
  thirdPartyApp = await app(frontdesk, { id: 'third-party', name: 'Third party' });
});
beforeEach(() => runSql(frontdesk.db, `delete from artifacts where kind = 'Interaction'`));

const cookieNames = async ({ jar }: Browser) => (await jar.getCookies(frontdesk.issuer)).map(({ key }) => key);
const interactionCookies = async (browser: Browser) =>
  (await cookieNames(browser)).filter((key) => key.includes('fd_pending_'));
/** How many interactions are stored that have not ended. */
const countPendingInteractions = async () => {
  const text = `select count(*)::int as count from artifacts where kind = 'Interaction' and not coalesce(payload -> 'result' ? 'ending', false)`;
  return (await runSql<{ count: number }>(frontdesk.db, text))[0]!.count;
};
const isSignInPage = (page: Page) => page.root.querySelector('input[name=login]') !== null;
const codeIn = (page: Page) => responseParameters(page)['code'];

describe('a browser with many interactions', () => {
  test('G10 keeps the cookies and rows of the newest five; pages of older ones link to the app', async () => {
    const browser = newBrowser(frontdesk);
    await browser.jar.setCookie('of_another_app=x; Path=/', frontdesk.issuer);
    const pages: Page[] = [];
    for (let count = 0; count < 60; count += 1) pages.push(await browser.visit(authorize(frontdesk, appA).url));
    expect(pages.every(isSignInPage)).toBe(true);
    expect(await cookieNames(browser)).toContain('of_another_app');
    expect(await interactionCookies(browser)).toHaveLength(5);
    expect(await cookieNames(browser)).toHaveLength(7);
    expect(await countPendingInteractions()).toBe(5);
    const expired = await browser.visit(pages[54]!.url);
    expect([expired.status, expired.text]).toEqual([400, expect.stringContaining('This page has expired')]);
    expect(expired.root.querySelector('a.button')?.getAttribute('href')).toBe('http://site-a.localhost:9');
    expect((await signIn(pages[54]!, 'ann')).text).toContain('This page has expired');
    expect(codeIn(await signIn(pages[55]!, 'ann'))).toBeTruthy();
  });

  test('G10 keeps five after the next page when they began at once', async () => {
    const browser = newBrowser(frontdesk);
    const redirects = await Promise.all(
      Array.from({ length: 20 }, () => browser.send(authorize(frontdesk, appA).url, {})),
    );
    expect(await interactionCookies(browser)).toHaveLength(20);
    await browser.visit(redirects[0]!.location!);
    expect(await interactionCookies(browser)).toHaveLength(5);
  });

  test('loses forged interaction cookies, which delete no row of another browser', async () => {
    const otherBrowser = newBrowser(frontdesk);
    const page = await otherBrowser.visit(authorize(frontdesk, appA).url);
    const uid = new URL(page.url).pathname.split('/').at(-1)!;
    const browser = newBrowser(frontdesk);
    for (const forgedUid of [uid, 'a', 'b', 'c', 'd', 'e']) {
      await browser.jar.setCookie(`fd_pending_${forgedUid}=zzzzzzzzz.forged; Path=/`, frontdesk.issuer);
    }
    expect((await browser.visit(page.url)).text).toContain('This page has expired');
    await browser.visit(authorize(frontdesk, appA).url);
    expect(await interactionCookies(browser)).toHaveLength(5);
    expect(codeIn(await signIn(page, 'ann'))).toBeTruthy();
  });
});

test('a request with many forged interaction cookies begins an interaction, and deletes twenty of them', async () => {
  const forged = Array.from({ length: 150 }, (_, index) => `fd_pending_x${index}=y`);
  const cookie = [...forged, 'fd_pending_=1', 'fd_pending_a b=1', 'fd_pending_é=1', 'fd_pending_z', '=; ;'].join('; ');
  const response = await newBrowser(frontdesk).send(authorize(frontdesk, appA).url, { headers: { cookie } });
  expect([response.status, response.location]).toEqual([303, expect.stringContaining('/interaction/')]);
  expect(response.headers['set-cookie']).toHaveLength(21);
});

test('two tabs of a new browser that begin an interaction at once both lead to the app', async () => {
  const browser = newBrowser(frontdesk);
  const pages = await Promise.all([1, 2].map(() => browser.visit(authorize(frontdesk, appA).url)));
  for (const page of pages) expect(codeIn(await signIn(page, 'ann'))).toBeTruthy();
});

describe('a form that is submitted twice', () => {
  /** Submits twice, at once or one after the other, and expects that both responses redirect to the app with a code. */
  async function submitTwice(submit: () => Promise<Page>, isAtOnce: boolean): Promise<void> {
    const first = isAtOnce ? undefined : await submit();
    const responses = first ? [first, await submit()] : await Promise.all([submit(), submit()]);
    for (const response of responses)
      expect([response.status, response.location]).toEqual([303, expect.stringContaining('code=')]);
  }

  test.each([
    ['at once', true],
    ['one after the other', false],
  ])('%s on the sign-in page leads to the app both times', async (_name, isAtOnce) => {
    const browser = newBrowser(frontdesk);
    const request = authorize(frontdesk, appA);
    const page = await browser.visit(request.url);
    await submitTwice(() => signIn(page, 'ann'), isAtOnce);
    const { code } = responseParameters(await signIn(page, 'ann@example.com'));
    expect((await exchange(frontdesk, appA, { code: code!, verifier: request.verifier })).status).toBe(200);
    expect(codeIn(await browser.visit(authorize(frontdesk, appA).url))).toBeTruthy();
  });

  test.each([
    ['at once', true],
    ['one after the other', false],
  ])('%s on the consent page leads to the app both times', async (_name, isAtOnce) => {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, appA));
    const page = await browser.visit(authorize(frontdesk, thirdPartyApp, { prompt: 'consent' }).url);
    await submitTwice(() => page.submit(), isAtOnce);
  });

  // The copy of the browser gets the response to the first submission and its cookies.
  test('leads to the app when the response to the first submission was lost', async () => {
    const browser = newBrowser(frontdesk);
    const page = await browser.visit(authorize(frontdesk, appA).url);
    const copy = await browser.copy();
    await signIn(await copy.visit(page.url), 'ann');
    expect(codeIn(await signIn(page, 'ann'))).toBeTruthy();
    const pageWithSession = await browser.visit(authorize(frontdesk, appA, { prompt: 'login' }).url);
    const secondCopy = await browser.copy();
    await signIn(await secondCopy.visit(pageWithSession.url), 'ann');
    expect(codeIn(await signIn(pageWithSession, 'ann'))).toBeTruthy();
  });

  test('does not extend the ten seconds for which the ended interaction is kept', async () => {
    const browser = newBrowser(frontdesk);
    const page = await browser.visit(authorize(frontdesk, appA).url);
    await signIn(page, 'ann');
    const expireSooner = `update artifacts set payload = payload || jsonb_build_object('exp', (payload ->> 'exp')::int - 5)
      where kind = 'Interaction' returning payload -> 'exp' as exp`;
    const [before] = await runSql(frontdesk.db, expireSooner);
    expect(codeIn(await signIn(page, 'ann'))).toBeTruthy();
    const [after] = await runSql(
      frontdesk.db,
      `select payload -> 'exp' as exp from artifacts where kind = 'Interaction'`,
    );
    expect(after).toEqual(before);
  });

  test('by "Cancel" leads to the app both times', async () => {
    const page = await newBrowser(frontdesk).visit(authorize(frontdesk, appA).url);
    for (let count = 0; count < 2; count += 1) {
      expect(responseParameters(await page.submit({}, { button: '[data-action=cancel]' }))['error']).toBe(
        'access_denied',
      );
    }
    expect((await signIn(page, 'ann')).text).toContain('This page has expired');
  });
});

describe('a page of an ended interaction', () => {
  const passTenSeconds = () =>
    runSql(
      frontdesk.db,
      `update artifacts set payload = payload || jsonb_build_object('exp', (payload ->> 'exp')::int - 11)
        where kind = 'Interaction'`,
    );
  /** Expects the page that says who is signed in, with a link to `href`. */
  const expectSignedInPage = (page: Page, href = 'http://site-a.localhost:9') => {
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('You are signed in')]);
    expect(page.text).toContain('Ann Archer');
    expect(page.root.querySelector('a.primary')!.getAttribute('href')).toBe(href);
  };

  test('shows after the sign-in who is signed in, and links to the app', async () => {
    const browser = newBrowser(frontdesk);
    const page = await browser.visit(authorize(frontdesk, appA).url);
    await signIn(page, 'ann');
    expectSignedInPage(await browser.visit(page.url));
    await passTenSeconds();
    expectSignedInPage(await browser.visit(page.url));
    expectSignedInPage(await signIn(page, 'ann'));
    await runSql(frontdesk.db, `delete from artifacts where kind = 'Interaction'`);
    expectSignedInPage(await browser.visit(page.url));
    expectSignedInPage(await signIn(page, 'ann'));
  });

  test('shows the same after the consent, and links to the account page if the app is self-registered', async () => {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, appA));
    const page = await browser.visit(authorize(frontdesk, thirdPartyApp, { prompt: 'consent' }).url);
    await page.submit();
    await passTenSeconds();
    expectSignedInPage(await page.submit(), 'http://third-party.localhost:9');
    await runSql(frontdesk.db, `update clients set is_self_registered = true where id = 'third-party'`);
    expectSignedInPage(await browser.visit(page.url), '/account');
  });

  test('does not redirect to the app when its form is submitted with the login of another person', async () => {
    const browser = newBrowser(frontdesk);
    const page = await browser.visit(authorize(frontdesk, appA).url);
    await signIn(page, 'ann');
    for (const login of ['ben', 'nobody', '']) expectSignedInPage(await signIn(page, login));
    expectSignedInPage(await page.submit({}, { button: '[data-action=cancel]' }));
  });

  test('A04 has expired after a sign-out, also within ten seconds', async () => {
    const browser = newBrowser(frontdesk);
    const page = await browser.visit(authorize(frontdesk, appA).url);
    const csrf = page.root.querySelector('input[name=csrf]')!.getAttribute('value')!;
    const action = `${new URL(page.url).origin}${new URL(page.url).pathname}/password`;
    const form = { csrf, login: 'ann', password: 'correct horse battery staple' };
    const resumeUrl = (await browser.send(action, { form })).location!;
    expect(codeIn(await browser.visit(resumeUrl))).toBeTruthy();
    expect(codeIn(await browser.visit(resumeUrl))).toBeTruthy();
    await (await browser.visit(`${frontdesk.issuer}/oauth/logout`)).submit({}, { button: '[name=logout]' });
    for (const expired of [await browser.visit(resumeUrl), await browser.visit(page.url), await signIn(page, 'ann')]) {
      expect(expired.text).toContain('This page has expired');
    }
    expect(isSignInPage(await browser.visit(authorize(frontdesk, appA).url))).toBe(true);
  });

  test('A01 has expired in another browser', async () => {
    const browser = newBrowser(frontdesk);
    const page = await browser.visit(authorize(frontdesk, appA).url);
    await signIn(page, 'ann');
    expect((await newBrowser(frontdesk).visit(page.url)).text).toContain('This page has expired');
    const uid = new URL(page.url).pathname.split('/').at(-1)!;
    const resumed = await newBrowser(frontdesk).visit(`${frontdesk.issuer}/oauth/authorize/${uid}`);
    expect(resumed.text).toContain('This page has expired');
  });
});
