/** Requirements of README.md beside this file: A01, A08, B16. Tests that several people, or an attacker, cannot mix their sign-ins in one browser. */
import { ann, ben, siteA, type Person, type RegisteredApp } from '../support/people-and-apps.ts';
import { runSql } from '../support/database.ts';
import {
  responseParameters,
  authorize,
  codeFor,
  exchange,
  newBrowser,
  signIn,
  tokensFor,
  type Tokens,
} from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import type { Browser } from '../support/browser.ts';

let frontdesk: Frontdesk;
let site: RegisteredApp;
let annPerson: Person;
let benPerson: Person;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  [annPerson, benPerson] = [await ann(frontdesk), await ben(frontdesk)];
  site = await siteA(frontdesk);
});

/** Submits the sign-in form. @returns the URL that resumes the authorization request; it is not requested */
async function redirectAfterSignIn(
  browser: Browser,
  login: string,
  request = authorize(frontdesk, site),
): Promise<string> {
  const page = await browser.visit(request.url);
  const csrf = page.root.querySelector('input[name=csrf]')!.getAttribute('value')!;
  const action = new URL(page.root.querySelector('form')!.getAttribute('action')!, page.url).href;
  const form = { csrf, login, password: 'correct horse battery staple' };
  return (await browser.send(action, { form })).location!;
}

async function subjectFor(browser: Browser): Promise<string | undefined> {
  const request = authorize(frontdesk, site, { prompt: 'none' });
  const { code } = responseParameters(await browser.visit(request.url));
  if (!code) return undefined;
  const { id_token: idToken } = (await exchange(frontdesk, site, { code, verifier: request.verifier })).json<Tokens>();
  return (JSON.parse(Buffer.from(idToken!.split('.')[1]!, 'base64url').toString()) as { sub: string }).sub;
}

test('A01 a sign-in from one browser cannot be resumed in another', async () => {
  const attacker = newBrowser(frontdesk);
  const resumeUrl = await redirectAfterSignIn(attacker, 'ben');
  const victim = newBrowser(frontdesk);
  await victim.visit(authorize(frontdesk, site).url);
  for (const cookie of await attacker.jar.getCookies(resumeUrl)) {
    if (cookie.key.startsWith('fd_pending')) await victim.jar.setCookie(cookie, resumeUrl);
  }
  expect((await victim.visit(resumeUrl)).text).toContain('This page has expired');
  expect(await subjectFor(victim)).toBeUndefined();
  expect(await subjectFor(attacker)).toBeUndefined();
  expect(responseParameters(await attacker.visit(resumeUrl))['code']).toBeTruthy();
});

test('A08 a sign-in cannot be resumed without the CSRF cookie', async () => {
  const browser = newBrowser(frontdesk);
  const resumeUrl = await redirectAfterSignIn(browser, 'ann');
  const keptCookies = (await browser.jar.getCookies(resumeUrl)).filter(({ key }) => key !== 'fd_csrf');
  const cookie = keptCookies.map(({ key, value }) => `${key}=${value}`).join('; ');
  const pageWithoutCookie = await newBrowser(frontdesk).visit(resumeUrl, { headers: { cookie } });
  expect(pageWithoutCookie.text).toContain('This page has expired');
});

test('A08 a page that names a person is not shown after the browser has lost the session', async () => {
  const browser = newBrowser(frontdesk);
  await tokensFor(frontdesk, browser, site);
  const page = await browser.visit(authorize(frontdesk, site, { prompt: 'consent' }).url);
  expect(page.text).toContain('Ann Archer');
  const keptCookies = (await browser.jar.getCookies(page.url)).filter(({ key }) => !key.startsWith('fd_session'));
  const cookie = keptCookies.map(({ key, value }) => `${key}=${value}`).join('; ');
  const pageWithoutSession = await newBrowser(frontdesk).visit(page.url, { headers: { cookie } });
  expect(pageWithoutSession.text).not.toContain('Ann');
  expect((await browser.visit(page.url)).text).toContain('Ann Archer');
});

describe('when another person signs in', () => {
  test('the session of the first person ends and a new one begins without a confirmation page', async () => {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, site));
    const page = await browser.visit(authorize(frontdesk, site, { prompt: 'login' }).url);
    expect(responseParameters(await signIn(page, 'ben'))['code']).toBeTruthy();
    expect(await subjectFor(browser)).toBe(benPerson.id);
    const [ended] = await runSql<{ account_id: string; end_reason: string }>(
      frontdesk.db,
      'select account_id, end_reason from sessions where ended_at is not null order by ended_at desc limit 1',
    );
    expect(ended).toEqual({ account_id: annPerson.id, end_reason: 'other_account' });
  });

  test('in another tab meanwhile, the second sign-in to be resumed is refused and changes nothing', async () => {
    const browser = newBrowser(frontdesk);
    await browser.send(`${frontdesk.issuer}/oauth/logout`);
    const [first, second] = [await redirectAfterSignIn(browser, 'ann'), await redirectAfterSignIn(browser, 'ben')];
    expect(responseParameters(await browser.visit(first))['code']).toBeTruthy();
    const latePage = await browser.visit(second);
    expect(latePage.status).toBe(400);
    expect(latePage.text).toContain('Your session changed');
    expect(await subjectFor(browser)).toBe(annPerson.id);
  });

  test('at the same time, no session gets grants of the other person', async () => {
    for (let round = 0; round < 10; round += 1) {
      const browser = newBrowser(frontdesk);
      await browser.send(`${frontdesk.issuer}/oauth/logout`);
      const resumeUrls = [await redirectAfterSignIn(browser, 'ann'), await redirectAfterSignIn(browser, 'ben')];
      const pages = await Promise.all(resumeUrls.map((url) => browser.visit(url)));
      expect(pages.filter((page) => responseParameters(page)['code']).length).toBeGreaterThanOrEqual(1);
    }
    const mixedGrants = `select s.uid from sessions s join grants g on g.session_uid = s.uid and g.account_id <> s.account_id`;
    expect(await runSql(frontdesk.db, mixedGrants)).toEqual([]);
  });
});

test('B16 a request with id_token_hint gets no code for another person', async () => {
  const { id_token: hint } = await tokensFor(frontdesk, newBrowser(frontdesk), site);
  const parameters = { prompt: 'login', id_token_hint: hint };
  const pageOfOtherBrowser = await newBrowser(frontdesk).visit(
    await redirectAfterSignIn(newBrowser(frontdesk), 'ben', authorize(frontdesk, site, parameters)),
  );
  expect(pageOfOtherBrowser.text).toContain('This page has expired');
  const browser = newBrowser(frontdesk);
  const refused = responseParameters(
    await browser.visit(await redirectAfterSignIn(browser, 'ben', authorize(frontdesk, site, parameters))),
  );
  expect(refused['error']).toBe('login_required');
  expect(await subjectFor(browser)).toBeUndefined();
  const annBrowser = newBrowser(frontdesk);
  expect(
    responseParameters(
      await annBrowser.visit(await redirectAfterSignIn(annBrowser, 'ann', authorize(frontdesk, site, parameters))),
    )['code'],
  ).toBeTruthy();
});
