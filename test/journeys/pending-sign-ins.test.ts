/** Sign-ins that are pending, and what is left of them: cookies, rows, and pages that somebody comes back to. */
import { ann, app, ben, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { runSql } from '../support/database.ts';
import { responseParameters, authorize, codeFor, exchange, newBrowser, signIn } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import type { Browser, Page } from '../support/browser.ts';

let frontdesk: Frontdesk;
let appA: RegisteredApp;
let stranger: RegisteredApp;

beforeAll(async () => {
  frontdesk = await startFrontdesk({ settings: { RATE_LIMIT_FACTOR: '100' } });
  await ann(frontdesk);
  await ben(frontdesk);
  appA = await siteA(frontdesk);
  stranger = await app(frontdesk, { id: 'stranger', name: 'Stranger' });
});
beforeEach(() => runSql(frontdesk.db, `delete from artifacts where kind = 'Interaction'`));

const cookiesOf = async ({ jar }: Browser) => (await jar.getCookies(frontdesk.issuer)).map(({ key }) => key);
const pendingIn = async (browser: Browser) => (await cookiesOf(browser)).filter((key) => key.includes('fd_pending_'));
const pendingRows = async () => {
  const text = `select count(*)::int as count from artifacts where kind = 'Interaction' and not coalesce(payload -> 'result' ? 'ending', false)`;
  return (await runSql<{ count: number }>(frontdesk.db, text))[0]!.count;
};
const isForm = (page: Page) => page.root.querySelector('input[name=login]') !== null;
const codeIn = (page: Page) => responseParameters(page)['code'];

describe('many sign-ins that nobody finishes', () => {
  test('G10 leave five cookies and five rows; the oldest give way, and say how to begin again', async () => {
    const browser = newBrowser(frontdesk);
    await browser.jar.setCookie('of_another_app=x; Path=/', frontdesk.issuer);
    const pages: Page[] = [];
    for (let count = 0; count < 60; count += 1) pages.push(await browser.visit(authorize(frontdesk, appA).url));
    expect(pages.every(isForm)).toBe(true);
    expect(await cookiesOf(browser)).toContain('of_another_app');
    expect(await pendingIn(browser)).toHaveLength(5);
    expect(await cookiesOf(browser)).toHaveLength(7);
    expect(await pendingRows()).toBe(5);
    const over = await browser.visit(pages[54]!.url);
    expect([over.status, over.text]).toEqual([400, expect.stringContaining('This page has expired')]);
    expect(over.root.querySelector('a.button')?.getAttribute('href')).toBe('http://site-a.localhost:9');
    expect((await signIn(pages[54]!, 'ann')).text).toContain('This page has expired');
    expect(codeIn(await signIn(pages[55]!, 'ann'))).toBeTruthy();
  });

  test('G10 that begin at once are five again with the next page', async () => {
    const browser = newBrowser(frontdesk);
    const starts = await Promise.all(
      Array.from({ length: 20 }, () => browser.send(authorize(frontdesk, appA).url, {})),
    );
    expect(await pendingIn(browser)).toHaveLength(20);
    await browser.visit(starts[0]!.location!);
    expect(await pendingIn(browser)).toHaveLength(5);
  });

  test('a cookie that is not ours is removed, and takes no row with it', async () => {
    const victim = newBrowser(frontdesk);
    const page = await victim.visit(authorize(frontdesk, appA).url);
    const uid = new URL(page.url).pathname.split('/').at(-1)!;
    const browser = newBrowser(frontdesk);
    for (const planted of [uid, 'a', 'b', 'c', 'd', 'e']) {
      await browser.jar.setCookie(`fd_pending_${planted}=zzzzzzzzz.forged; Path=/`, frontdesk.issuer);
    }
    expect((await browser.visit(page.url)).text).toContain('This page has expired');
    await browser.visit(authorize(frontdesk, appA).url);
    expect(await pendingIn(browser)).toHaveLength(5);
    expect(codeIn(await signIn(page, 'ann'))).toBeTruthy();
  });
});

test('a request with many cookies that are not ours is answered, and removes a few of them', async () => {
  const planted = Array.from({ length: 150 }, (_, index) => `fd_pending_x${index}=y`);
  const cookie = [...planted, 'fd_pending_=1', 'fd_pending_a b=1', 'fd_pending_é=1', 'fd_pending_z', '=; ;'].join('; ');
  const response = await newBrowser(frontdesk).send(authorize(frontdesk, appA).url, { headers: { cookie } });
  expect([response.status, response.location]).toEqual([303, expect.stringContaining('/interaction/')]);
  expect(response.headers['set-cookie']).toHaveLength(21);
});

test('two tabs in which a new browser begins at once both lead to the app', async () => {
  const browser = newBrowser(frontdesk);
  const pages = await Promise.all([1, 2].map(() => browser.visit(authorize(frontdesk, appA).url)));
  for (const page of pages) expect(codeIn(await signIn(page, 'ann'))).toBeTruthy();
});

describe('a button that is pressed twice', () => {
  /** Presses it twice, at once or one after the other; both answers must lead to the app, with codes that work. */
  async function pressTwice(press: () => Promise<Page>, isAtOnce: boolean): Promise<void> {
    const first = isAtOnce ? undefined : await press();
    const responses = first ? [first, await press()] : await Promise.all([press(), press()]);
    for (const response of responses)
      expect([response.status, response.location]).toEqual([303, expect.stringContaining('code=')]);
  }

  test.each([
    ['at once', true],
    ['one after the other', false],
  ])('%s: sign-in', async (_how, isAtOnce) => {
    const browser = newBrowser(frontdesk);
    const request = authorize(frontdesk, appA);
    const page = await browser.visit(request.url);
    await pressTwice(() => signIn(page, 'ann'), isAtOnce);
    const { code } = responseParameters(await signIn(page, 'ann@example.com'));
    expect((await exchange(frontdesk, appA, { code: code!, verifier: request.verifier })).status).toBe(200);
    expect(codeIn(await browser.visit(authorize(frontdesk, appA).url))).toBeTruthy();
  });

  test.each([
    ['at once', true],
    ['one after the other', false],
  ])('%s: consent', async (_how, isAtOnce) => {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, appA));
    const page = await browser.visit(authorize(frontdesk, stranger, { prompt: 'consent' }).url);
    await pressTwice(() => page.submit(), isAtOnce);
  });

  test('after the browser lost the answer to the first', async () => {
    const browser = newBrowser(frontdesk);
    const page = await browser.visit(authorize(frontdesk, appA).url);
    const lost = await browser.copy();
    await signIn(await lost.visit(page.url), 'ann');
    expect(codeIn(await signIn(page, 'ann'))).toBeTruthy();
    const again = await browser.visit(authorize(frontdesk, appA, { prompt: 'login' }).url);
    const lostAgain = await browser.copy();
    await signIn(await lostAgain.visit(again.url), 'ann');
    expect(codeIn(await signIn(again, 'ann'))).toBeTruthy();
  });

  test('again and again for ten seconds in all', async () => {
    const browser = newBrowser(frontdesk);
    const page = await browser.visit(authorize(frontdesk, appA).url);
    await signIn(page, 'ann');
    const shorten = `update artifacts set payload = payload || jsonb_build_object('exp', (payload ->> 'exp')::int - 5)
      where kind = 'Interaction' returning payload -> 'exp' as exp`;
    const [before] = await runSql(frontdesk.db, shorten);
    expect(codeIn(await signIn(page, 'ann'))).toBeTruthy();
    const [after] = await runSql(
      frontdesk.db,
      `select payload -> 'exp' as exp from artifacts where kind = 'Interaction'`,
    );
    expect(after).toEqual(before);
  });

  test('cancel: both lead back to the app', async () => {
    const page = await newBrowser(frontdesk).visit(authorize(frontdesk, appA).url);
    for (let count = 0; count < 2; count += 1) {
      expect(responseParameters(await page.submit({}, { button: '[data-action=cancel]' }))['error']).toBe(
        'access_denied',
      );
    }
    expect((await signIn(page, 'ann')).text).toContain('This page has expired');
  });
});

describe('a page that somebody comes back to', () => {
  const passTenSeconds = () =>
    runSql(
      frontdesk.db,
      `update artifacts set payload = payload || jsonb_build_object('exp', (payload ->> 'exp')::int - 11)
        where kind = 'Interaction'`,
    );
  const expectSignedIn = (page: Page, href = 'http://site-a.localhost:9') => {
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('You are signed in')]);
    expect(page.text).toContain('Ann Archer');
    expect(page.root.querySelector('a.primary')!.getAttribute('href')).toBe(href);
  };

  test('after the sign-in says that the person is signed in, and leads on to the app', async () => {
    const browser = newBrowser(frontdesk);
    const page = await browser.visit(authorize(frontdesk, appA).url);
    await signIn(page, 'ann');
    expectSignedIn(await browser.visit(page.url));
    await passTenSeconds();
    expectSignedIn(await browser.visit(page.url));
    expectSignedIn(await signIn(page, 'ann'));
    await runSql(frontdesk.db, `delete from artifacts where kind = 'Interaction'`);
    expectSignedIn(await browser.visit(page.url));
    expectSignedIn(await signIn(page, 'ann'));
  });

  test('after the consent does so too; of an app that registered itself, it leads to the account', async () => {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, appA));
    const page = await browser.visit(authorize(frontdesk, stranger, { prompt: 'consent' }).url);
    await page.submit();
    await passTenSeconds();
    expectSignedIn(await page.submit(), 'http://stranger.localhost:9');
    await runSql(frontdesk.db, `update clients set is_self_registered = true where id = 'stranger'`);
    expectSignedIn(await browser.visit(page.url), '/account');
  });

  test('somebody else who fills in the form is not led on as the person who is signed in', async () => {
    const browser = newBrowser(frontdesk);
    const page = await browser.visit(authorize(frontdesk, appA).url);
    await signIn(page, 'ann');
    for (const login of ['ben', 'nobody', '']) expectSignedIn(await signIn(page, login));
    expectSignedIn(await page.submit({}, { button: '[data-action=cancel]' }));
  });

  test('A04 after a sign-out it signs nobody in, not even within ten seconds', async () => {
    const browser = newBrowser(frontdesk);
    const page = await browser.visit(authorize(frontdesk, appA).url);
    const csrf = page.root.querySelector('input[name=csrf]')!.getAttribute('value')!;
    const action = `${new URL(page.url).origin}${new URL(page.url).pathname}/password`;
    const form = { csrf, login: 'ann', password: 'correct horse battery staple' };
    const goOn = (await browser.send(action, { form })).location!;
    expect(codeIn(await browser.visit(goOn))).toBeTruthy();
    expect(codeIn(await browser.visit(goOn))).toBeTruthy();
    await (await browser.visit(`${frontdesk.issuer}/oauth/logout`)).submit({}, { button: '[name=logout]' });
    for (const again of [await browser.visit(goOn), await browser.visit(page.url), await signIn(page, 'ann')]) {
      expect(again.text).toContain('This page has expired');
    }
    expect(isForm(await browser.visit(authorize(frontdesk, appA).url))).toBe(true);
  });

  test('A01 in another browser it is nothing, whatever was finished', async () => {
    const browser = newBrowser(frontdesk);
    const page = await browser.visit(authorize(frontdesk, appA).url);
    await signIn(page, 'ann');
    expect((await newBrowser(frontdesk).visit(page.url)).text).toContain('This page has expired');
    const uid = new URL(page.url).pathname.split('/').at(-1)!;
    const goOn = await newBrowser(frontdesk).visit(`${frontdesk.issuer}/oauth/authorize/${uid}`);
    expect(goOn.text).toContain('This page has expired');
  });
});
