/** Requirement of README.md beside this file: B15. Tests when the consent page is shown. */
import type { Browser } from '../support/browser.ts';
import { ann, app, notesApi, siteA, siteB, type RegisteredApp } from '../support/people-and-apps.ts';
import { runSql } from '../support/database.ts';
import {
  responseParameters,
  authorize,
  codeFor,
  exchange,
  newBrowser,
  userinfo,
  type Tokens,
} from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';

let frontdesk: Frontdesk;
let appA: RegisteredApp;
let appB: RegisteredApp;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await notesApi(frontdesk);
  await ann(frontdesk);
  appA = await siteA(frontdesk);
  appB = await siteB(frontdesk);
});

describe('B15 the consent page', () => {
  const asksForConsent = async (browser: Browser, parameters: object, client = appB) => {
    const page = await browser.visit(authorize(frontdesk, client, parameters as Record<string, string>).url);
    return page.root.querySelector('.permissions') !== null;
  };
  const browserWithConsent = async () => {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, appA));
    const page = await browser.visit(authorize(frontdesk, appB, { scope: 'openid email' }).url);
    if (page.status === 200) await page.submit();
    return browser;
  };

  test('is shown for a new scope and for prompt=consent', async () => {
    const browser = await browserWithConsent();
    expect(await asksForConsent(browser, { scope: 'openid email' })).toBe(false);
    expect(await asksForConsent(browser, { scope: 'openid email profile' })).toBe(true);
    expect(await asksForConsent(browser, { scope: 'openid email', prompt: 'consent' })).toBe(true);
  });

  test('is shown for a redirect URI on another host in a new session', async () => {
    const redirectUris = ['http://one.localhost:9/cb', 'http://two.localhost:9/cb'];
    const movedApp = await app(frontdesk, { id: 'moved', redirectUris });
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, movedApp));
    const laterBrowser = newBrowser(frontdesk);
    await codeFor(laterBrowser, authorize(frontdesk, appA));
    expect(await asksForConsent(laterBrowser, {}, { ...movedApp, redirectUri: redirectUris[1]! })).toBe(true);
    expect(await asksForConsent(laterBrowser, {}, movedApp)).toBe(false);
  });

  test('is shown in every session for a client that registered itself', async () => {
    const selfRegisteredApp = await app(frontdesk, { id: 'self' });
    await runSql(frontdesk.db, "update clients set is_self_registered = true where id = 'self'");
    for (let round = 0; round < 2; round += 1) {
      const browser = newBrowser(frontdesk);
      await codeFor(browser, authorize(frontdesk, appA));
      expect(await asksForConsent(browser, {}, selfRegisteredApp)).toBe(true);
      await codeFor(browser, authorize(frontdesk, selfRegisteredApp));
      expect(await asksForConsent(browser, {}, selfRegisteredApp)).toBe(false);
    }
  });

  test('grants only the requested scopes, whatever its form contains', async () => {
    const newApp = await app(frontdesk, { id: 'fresh' });
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, appA));
    const request = authorize(frontdesk, newApp, { scope: 'openid' });
    const page = await browser.visit(request.url);
    const back = await page.submit({ scope: 'openid email profile', scopes: 'email', claims: 'email' });
    const tokens = (
      await exchange(frontdesk, newApp, { code: responseParameters(back)['code']!, verifier: request.verifier })
    ).json<Tokens>();
    expect((await userinfo(frontdesk, tokens.access_token)).json()).toEqual({ sub: expect.any(String) });
    expect(await asksForConsent(browser, { scope: 'openid email' }, newApp)).toBe(true);
  });
});

describe('B15 a person who consented', () => {
  const [firstUri, secondUri] = ['http://here.localhost:9/callback', 'http://there.localhost:9/callback'];

  test('gets the consent page again for a redirect URI on another host', async () => {
    const movingApp = await app(frontdesk, { id: 'moving', redirectUris: [firstUri, secondUri] });
    const browser = newBrowser(frontdesk);
    const asksForConsentAt = async (redirectUri: string) =>
      (await browser.visit(authorize(frontdesk, { ...movingApp, redirectUri }).url)).root.querySelector(
        '.permissions',
      ) !== null;
    await codeFor(browser, authorize(frontdesk, movingApp));
    expect(await asksForConsentAt(firstUri)).toBe(false);
    expect(await asksForConsentAt(secondUri)).toBe(true);
    await codeFor(browser, authorize(frontdesk, { ...movingApp, redirectUri: secondUri }));
    expect(await asksForConsentAt(secondUri)).toBe(false);
  });

  test('has consented for all ports of a loopback redirect URI', async () => {
    const nativeApp = await app(frontdesk, {
      id: 'native',
      kind: 'native',
      redirectUris: ['http://127.0.0.1/callback'],
    });
    const browser = newBrowser(frontdesk);
    for (const port of [4711, 4712])
      await codeFor(browser, authorize(frontdesk, { ...nativeApp, redirectUri: `http://127.0.0.1:${port}/callback` }));
    const rows = await runSql(frontdesk.db, `select redirect_hosts from consents where client_id = 'native'`);
    expect(rows).toEqual([{ redirect_hosts: ['127.0.0.1'] }]);
  });
});
