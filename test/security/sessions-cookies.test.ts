/** Requirements of README.md beside this file: A01, A02, A03. Session ids and cookies. */
import { sendRequest, createBrowser, type Browser, type Page } from '../support/browser.ts';
import { ann, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { responseParameters, authorize, codeFor, newBrowser, signIn } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';

let frontdesk: Frontdesk;
let appA: RegisteredApp;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await ann(frontdesk);
  appA = await siteA(frontdesk);
});

const isSignInForm = (page: Page) => page.root.querySelector('input[name=login]') !== null;
const sessionCookie = (browser: Browser) => browser.cookie(frontdesk.issuer, 'fd_session');
const anonymousSession = async () => {
  const browser = newBrowser(frontdesk);
  await browser.send(`${frontdesk.issuer}/oauth/logout`);
  return browser;
};

test('A01 a planted session id never authenticates, and the id changes at sign-in', async () => {
  const attacker = await anonymousSession();
  const planted = await sessionCookie(attacker);
  expect(planted).toBeTruthy();
  const victim = await attacker.copy();
  await codeFor(victim, authorize(frontdesk, appA));
  const after = await sessionCookie(victim);
  expect(after).toBeTruthy();
  expect(after).not.toBe(planted);
  expect(isSignInForm(await attacker.visit(authorize(frontdesk, appA).url))).toBe(true);
  // Nor does the old id after signing in again.
  const before = await victim.copy();
  await signIn(await victim.visit(authorize(frontdesk, appA, { prompt: 'login' }).url), 'ann');
  expect(await sessionCookie(victim)).not.toBe(after);
  expect(isSignInForm(await before.visit(authorize(frontdesk, appA).url))).toBe(true);
});

describe.each([
  ['http', {}],
  ['https', { ISSUER: 'https://idp.example' }],
])('A02 on %s', (scheme, settings) => {
  let other: Frontdesk;
  let site: RegisteredApp;
  beforeAll(async () => {
    other = await startFrontdesk({ settings });
    await ann(other);
    site = await siteA(other);
  });

  test('every cookie is HttpOnly and SameSite, has no Domain, and on https is Secure and bound to its host', async () => {
    const browser = newBrowser(other, other.port);
    const cookies: string[] = [];
    const keep = async (url: string, form?: Record<string, string>) => {
      const response = await browser.send(url, form ? { form } : {});
      cookies.push(...(response.headers['set-cookie'] ?? []));
      return response;
    };
    const start = await keep(authorize(other, site).url);
    const page = start.location ? await browser.visit(start.location) : undefined;
    await keep(start.location!);
    const csrf = page!.root.querySelector('input[name=csrf]')!.getAttribute('value')!;
    const action = new URL(page!.root.querySelector('form')!.getAttribute('action')!, page!.url).href;
    const resume = await keep(action, { csrf, login: 'ann', password: 'correct horse battery staple' });
    await keep(resume.location!);
    await keep(`${other.issuer}/oauth/logout`);
    // With a wrong signature the cookie library clears the cookie, with its own attributes.
    const name = scheme === 'https' ? '__Host-fd_session' : 'fd_session';
    const forged = await sendRequest(
      authorize(other, site).url,
      { headers: { cookie: `${name}=x; ${name}.sig=y` } },
      other.port,
    );
    cookies.push(...(forged.headers['set-cookie'] ?? []));

    expect(cookies.length).toBeGreaterThan(8);
    for (const cookie of cookies) {
      expect(cookie).toMatch(/; httponly/i);
      expect(cookie).toMatch(/; samesite=(lax|strict)/i);
      expect(cookie).not.toMatch(/; domain/i);
      if (scheme === 'http') continue;
      expect(cookie).toMatch(/; secure/i);
      expect(cookie).toMatch(/^(__Host-[^;]+;.*path=\/(;|$)|__Secure-[^;]+;.*path=\/[a-z]+)/i);
    }
  });
});

describe('A03', () => {
  test('a session cookie without a signature, or with a wrong one, is ignored', async () => {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, appA));
    const id = await sessionCookie(browser);
    const signature = await browser.cookie(frontdesk.issuer, 'fd_session.sig');
    const wrong = `${signature!.startsWith('A') ? 'B' : 'A'}${signature!.slice(1)}`;
    for (const cookie of [`fd_session=${id}`, `fd_session=${id}; fd_session.sig=${wrong}`]) {
      const response = await sendRequest(authorize(frontdesk, appA).url, { headers: { cookie } });
      expect(response.location).toContain('/interaction/');
    }
    const right = await sendRequest(authorize(frontdesk, appA).url, {
      headers: { cookie: `fd_session=${id}; fd_session.sig=${signature}` },
    });
    expect(responseParameters(right)['code']).toBeTruthy();
  });

  test('a new secret before the old one keeps sessions; without the old one its cookies are invalid', async () => {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, appA));
    const fresh = 'a-new-root-secret-of-more-than-32-characters';
    const jar = browser.jar;
    const openAt = async (secret: string) => {
      const process = await startFrontdesk({ sameDeploymentAs: frontdesk, settings: { SECRET: secret } });
      const same = createBrowser((url) => !url.startsWith(frontdesk.issuer), process.port, await jar.clone());
      const page = await same.visit(authorize(frontdesk, appA).url);
      await process.close();
      return page;
    };
    expect(responseParameters(await openAt(`${fresh},${frontdesk.secret}`))['code']).toBeTruthy();
    expect(isSignInForm(await openAt(fresh))).toBe(true);
    // Sealed again under the first secret, so that the tests after this one find their keys.
    await (
      await startFrontdesk({ sameDeploymentAs: frontdesk, settings: { SECRET: `${frontdesk.secret},${fresh}` } })
    ).close();
  });

  test('cookies are signed with SHA-256', async () => {
    const browser = await anonymousSession();
    expect(Buffer.from((await browser.cookie(frontdesk.issuer, 'fd_session.sig'))!, 'base64url')).toHaveLength(32);
  });
});

test('A02 the CSRF cookie is bound to its host and HttpOnly', async () => {
  const secure = await startFrontdesk({ settings: { ISSUER: 'https://idp.example' } });
  const there = await siteA(secure);
  const responses = [
    { frontdesk, app: appA, port: frontdesk.port, name: 'fd_csrf', more: '' },
    { frontdesk: secure, app: there, port: secure.port, name: '__Host-fd_csrf', more: '; secure' },
  ];
  for (const { frontdesk: at, app, port, name, more } of responses) {
    const browser = newBrowser(at, port);
    const start = await browser.send(authorize(at, app).url);
    const form = await browser.send(start.location!);
    const cookie = form.headers['set-cookie']!.find((line) => line.startsWith(`${name}=`))!;
    expect(
      cookie
        .replace(/=[^;]{43};/, '=;')
        .toLowerCase()
        .split('; ')
        .toSorted(),
    ).toEqual(`${name}=; path=/${more}; samesite=lax; httponly`.toLowerCase().split('; ').toSorted());
  }
  await secure.close();
});
