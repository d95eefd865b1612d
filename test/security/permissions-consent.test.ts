/** Requirement of README.md beside this file: B15. When a person is asked what an app may see. */
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

describe('B15 the consent page is shown', () => {
  const asks = async (browser: Browser, parameters: object, of = appB) => {
    const page = await browser.visit(authorize(frontdesk, of, parameters as Record<string, string>).url);
    return page.root.querySelector('.permissions') !== null;
  };
  const allowed = async () => {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, appA));
    const page = await browser.visit(authorize(frontdesk, appB, { scope: 'openid email' }).url);
    if (page.status === 200) await page.submit();
    return browser;
  };

  test('for a new scope, and for prompt=consent', async () => {
    const browser = await allowed();
    expect(await asks(browser, { scope: 'openid email' })).toBe(false);
    expect(await asks(browser, { scope: 'openid email profile' })).toBe(true);
    expect(await asks(browser, { scope: 'openid email', prompt: 'consent' })).toBe(true);
  });

  test('for a redirect URI on another host, in a new session', async () => {
    const redirectUris = ['http://one.localhost:9/cb', 'http://two.localhost:9/cb'];
    const moved = await app(frontdesk, { id: 'moved', redirectUris });
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, moved));
    const later = newBrowser(frontdesk);
    await codeFor(later, authorize(frontdesk, appA));
    expect(await asks(later, {}, { ...moved, redirectUri: redirectUris[1]! })).toBe(true);
    expect(await asks(later, {}, moved)).toBe(false);
  });

  test('in every session for a client that registered itself', async () => {
    const self = await app(frontdesk, { id: 'self' });
    await runSql(frontdesk.db, "update clients set is_self_registered = true where id = 'self'");
    for (let round = 0; round < 2; round += 1) {
      const browser = newBrowser(frontdesk);
      await codeFor(browser, authorize(frontdesk, appA));
      expect(await asks(browser, {}, self)).toBe(true);
      await codeFor(browser, authorize(frontdesk, self));
      expect(await asks(browser, {}, self)).toBe(false);
    }
  });

  test('and posted scopes that were not asked for are ignored', async () => {
    const fresh = await app(frontdesk, { id: 'fresh' });
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, appA));
    const request = authorize(frontdesk, fresh, { scope: 'openid' });
    const page = await browser.visit(request.url);
    const back = await page.submit({ scope: 'openid email profile', scopes: 'email', claims: 'email' });
    const tokens = (
      await exchange(frontdesk, fresh, { code: responseParameters(back)['code']!, verifier: request.verifier })
    ).json<Tokens>();
    expect((await userinfo(frontdesk, tokens.access_token)).json()).toEqual({ sub: expect.any(String) });
    expect(await asks(browser, { scope: 'openid email' }, fresh)).toBe(true);
  });
});

describe('B15 a person who consented', () => {
  const [here, there] = ['http://here.localhost:9/callback', 'http://there.localhost:9/callback'];

  test('is asked again for a redirect URI on another host', async () => {
    const third = await app(frontdesk, { id: 'moving', redirectUris: [here, there] });
    const browser = newBrowser(frontdesk);
    const asksAgain = async (redirectUri: string) =>
      (await browser.visit(authorize(frontdesk, { ...third, redirectUri }).url)).root.querySelector('.permissions') !==
      null;
    await codeFor(browser, authorize(frontdesk, third));
    expect(await asksAgain(here)).toBe(false);
    expect(await asksAgain(there)).toBe(true);
    await codeFor(browser, authorize(frontdesk, { ...third, redirectUri: there }));
    expect(await asksAgain(there)).toBe(false);
  });

  test('consented for all ports of a loopback redirect URI', async () => {
    const native = await app(frontdesk, { id: 'native', kind: 'native', redirectUris: ['http://127.0.0.1/callback'] });
    const browser = newBrowser(frontdesk);
    for (const port of [4711, 4712])
      await codeFor(browser, authorize(frontdesk, { ...native, redirectUri: `http://127.0.0.1:${port}/callback` }));
    const rows = await runSql(frontdesk.db, `select redirect_hosts from consents where client_id = 'native'`);
    expect(rows).toEqual([{ redirect_hosts: ['127.0.0.1'] }]);
  });
});
