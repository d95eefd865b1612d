/** Requirements of README.md beside this file: A01, A02, A03. Tests that session ids change at sign-in and that cookies are signed and protected. */
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
  const plantedId = await sessionCookie(attacker);
  expect(plantedId).toBeTruthy();
  const victim = await attacker.copy();
  await codeFor(victim, authorize(frontdesk, appA));
  const idAfterSignIn = await sessionCookie(victim);
  expect(idAfterSignIn).toBeTruthy();
  expect(idAfterSignIn).not.toBe(plantedId);
  expect(isSignInForm(await attacker.visit(authorize(frontdesk, appA).url))).toBe(true);
  // After signing in again the old id authenticates nobody either.
  const browserBefore = await victim.copy();
  await signIn(await victim.visit(authorize(frontdesk, appA, { prompt: 'login' }).url), 'ann');
  expect(await sessionCookie(victim)).not.toBe(idAfterSignIn);
  expect(isSignInForm(await browserBefore.visit(authorize(frontdesk, appA).url))).toBe(true);
});

describe.each([
  ['http', {}],
  ['https', { ISSUER: 'https://idp.example' }],
])('A02 on %s', (scheme, settings) => {
  let frontdeskOfScheme: Frontdesk;
  let site: RegisteredApp;
  beforeAll(async () => {
    frontdeskOfScheme = await startFrontdesk({ settings });
    await ann(frontdeskOfScheme);
    site = await siteA(frontdeskOfScheme);
  });

  test('every cookie is HttpOnly, SameSite and without Domain, and on https Secure and bound to its host', async () => {
    const browser = newBrowser(frontdeskOfScheme, frontdeskOfScheme.port);
    const cookies: string[] = [];
    const sendAndCollect = async (url: string, form?: Record<string, string>) => {
      const response = await browser.send(url, form ? { form } : {});
      cookies.push(...(response.headers['set-cookie'] ?? []));
      return response;
    };
    const start = await sendAndCollect(authorize(frontdeskOfScheme, site).url);
    const page = await browser.visit(start.location!);
    await sendAndCollect(start.location!);
    const csrf = page.root.querySelector('input[name=csrf]')!.getAttribute('value')!;
    const action = new URL(page.root.querySelector('form')!.getAttribute('action')!, page.url).href;
    const resume = await sendAndCollect(action, { csrf, login: 'ann', password: 'correct horse battery staple' });
    await sendAndCollect(resume.location!);
    await sendAndCollect(`${frontdeskOfScheme.issuer}/oauth/logout`);
    // The cookie library clears a cookie with an invalid signature and sets the attributes itself.
    const name = scheme === 'https' ? '__Host-fd_session' : 'fd_session';
    const forged = await sendRequest(
      authorize(frontdeskOfScheme, site).url,
      { headers: { cookie: `${name}=x; ${name}.sig=y` } },
      frontdeskOfScheme.port,
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
  test('a session cookie with a missing or invalid signature is ignored', async () => {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, appA));
    const id = await sessionCookie(browser);
    const signature = await browser.cookie(frontdesk.issuer, 'fd_session.sig');
    const wrong = `${signature!.startsWith('A') ? 'B' : 'A'}${signature!.slice(1)}`;
    for (const cookie of [`fd_session=${id}`, `fd_session=${id}; fd_session.sig=${wrong}`]) {
      const response = await sendRequest(authorize(frontdesk, appA).url, { headers: { cookie } });
      expect(response.location).toContain('/interaction/');
    }
    const validResponse = await sendRequest(authorize(frontdesk, appA).url, {
      headers: { cookie: `fd_session=${id}; fd_session.sig=${signature}` },
    });
    expect(responseParameters(validResponse)['code']).toBeTruthy();
  });

  test('cookies stay valid while the old root secret is configured after the new one, and become invalid without it', async () => {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, appA));
    const newSecret = 'a-new-root-secret-of-more-than-32-characters';
    const jar = browser.jar;
    const openAt = async (secret: string) => {
      const server = await startFrontdesk({ sameDeploymentAs: frontdesk, settings: { SECRET: secret } });
      const sameBrowser = createBrowser((url) => !url.startsWith(frontdesk.issuer), server.port, await jar.clone());
      const page = await sameBrowser.visit(authorize(frontdesk, appA).url);
      await server.close();
      return page;
    };
    expect(responseParameters(await openAt(`${newSecret},${frontdesk.secret}`))['code']).toBeTruthy();
    expect(isSignInForm(await openAt(newSecret))).toBe(true);
    // Stored keys are sealed again with the first secret, so that later tests can open them.
    await (
      await startFrontdesk({ sameDeploymentAs: frontdesk, settings: { SECRET: `${frontdesk.secret},${newSecret}` } })
    ).close();
  });

  test('cookies are signed with SHA-256', async () => {
    const browser = await anonymousSession();
    expect(Buffer.from((await browser.cookie(frontdesk.issuer, 'fd_session.sig'))!, 'base64url')).toHaveLength(32);
  });
});

test('A02 the CSRF cookie is bound to its host and HttpOnly', async () => {
  const secure = await startFrontdesk({ settings: { ISSUER: 'https://idp.example' } });
  const secureSite = await siteA(secure);
  const cases = [
    { frontdesk, app: appA, port: frontdesk.port, name: 'fd_csrf', more: '' },
    { frontdesk: secure, app: secureSite, port: secure.port, name: '__Host-fd_csrf', more: '; secure' },
  ];
  for (const { frontdesk: server, app, port, name, more } of cases) {
    const browser = newBrowser(server, port);
    const start = await browser.send(authorize(server, app).url);
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
