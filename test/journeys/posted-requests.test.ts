/** Tests authorization and logout requests by POST (OpenID Connect Core §3.1.2.1, RP-Initiated Logout §2). */
import { ann, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { responseParameters, authorize, codeFor, exchange, newBrowser, signIn, tokensFor } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { sealHint } from '../../src/web/middleware/redirect-post-to-get.ts';
import type { Browser } from '../support/browser.ts';

let frontdesk: Frontdesk;
let appA: RegisteredApp;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await ann(frontdesk);
  appA = await siteA(frontdesk);
});

const crossSiteHeaders = { origin: 'https://site-a.example', 'sec-fetch-site': 'cross-site' };
const fieldsOf = (url: string): [string, string][] => [...new URL(url).searchParams];
const post = (browser: Browser, path: string, form: [string, string][]) =>
  browser.send(`${frontdesk.issuer}${path}`, { form, headers: crossSiteHeaders });

test('a posted authorization request is redirected to the same request by GET, which gets a code', async () => {
  const browser = newBrowser(frontdesk);
  const request = authorize(frontdesk, appA);
  const posted = await post(browser, '/oauth/authorize', fieldsOf(request.url));
  expect([posted.status, posted.location, posted.headers['set-cookie']]).toEqual([303, request.url, undefined]);
  const { code } = responseParameters(await signIn(await browser.visit(posted.location!), 'ann'));
  expect((await exchange(frontdesk, appA, { code: code!, verifier: request.verifier })).status).toBe(200);
});

test('the redirect keeps the query and repeated parameters, and encodes line breaks', async () => {
  const browser = newBrowser(frontdesk);
  const form: [string, string][] = [
    ['resource', 'https://one.example/'],
    ['resource', 'https://two.example/'],
    ['state', 'a\r\nSet-Cookie: x=y ü \u0000'],
    ['state', ''],
  ];
  const { status, location, headers } = await post(browser, '/oauth/authorize?client_id=site-a', form);
  expect([status, headers['set-cookie'], fieldsOf(location!)]).toEqual([
    303,
    undefined,
    [['client_id', 'site-a'], ...form],
  ]);
  const withTwoScopes = [...fieldsOf(authorize(frontdesk, appA).url), ['scope', 'openid']] as [string, string][];
  const { location: next } = await post(browser, '/oauth/authorize', withTwoScopes);
  expect(responseParameters(await browser.send(next!))).toMatchObject({ error: 'invalid_request' });
});

test.each(['/oauth/authorize', '/oauth/logout'])(
  '%s refuses a posted request that is too long (413) or no form (403)',
  async (path) => {
    const browser = newBrowser(frontdesk);
    const longest = await post(browser, path, [['state', 'x'.repeat(7_900)]]);
    expect(longest.status).toBe(303);
    expect((await browser.send(longest.location!)).status).not.toBe(431);
    for (const length of [8_000, 50_000, 60_000, 500_000]) {
      const tooLong = await post(browser, path, [['state', 'x'.repeat(length)]]);
      expect([tooLong.status, tooLong.body]).toEqual([413, expect.stringContaining('longer than 8000 characters')]);
    }
    const tooManyFields = Array.from({ length: 101 }, (): [string, string] => ['id_token_hint', '']);
    expect((await post(browser, path, tooManyFields)).status).toBe(413);
    for (const type of ['multipart/form-data; boundary=x', 'text/plain', 'application/json']) {
      const headers = { ...crossSiteHeaders, 'content-type': type };
      expect((await browser.send(`${frontdesk.issuer}${path}`, { form: 'x', headers })).status).toBe(403);
    }
  },
);

describe('an ID token that is posted as id_token_hint', () => {
  test('is used, but is in no URL, log or Referer', async () => {
    const browser = newBrowser(frontdesk);
    const { id_token: hint } = await tokensFor(frontdesk, browser, appA);
    const [, payload] = hint!.split('.');
    const silent = authorize(frontdesk, appA, { prompt: 'none' });
    const posted = await post(browser, '/oauth/authorize', [...fieldsOf(silent.url), ['id_token_hint', hint!]]);
    expect(posted.location).not.toContain(payload);
    expect(responseParameters(await browser.send(posted.location!))['code']).toBeTruthy();
    const other = newBrowser(frontdesk);
    await codeFor(other, authorize(frontdesk, appA));
    expect(responseParameters(await other.send(posted.location!))['code']).toBeTruthy();

    const logout = await post(browser, '/oauth/logout', [
      ['id_token_hint', hint!],
      ['client_id', 'site-a'],
    ]);
    expect(logout.location).not.toContain(payload);
    expect(logout.headers['referrer-policy']).toBe('no-referrer');
    const page = await browser.send(logout.location!);
    expect([200, 303]).toContain(page.status);
    expect(page.headers['referrer-policy']).toBe('no-referrer');
    expect(frontdesk.logged.join('\n')).not.toContain(payload);
  });

  test('is refused after its sealed value has expired, and at the other endpoint', async () => {
    const browser = newBrowser(frontdesk);
    const { id_token: hint } = await tokensFor(frontdesk, browser, appA);
    const silent = authorize(frontdesk, appA, { prompt: 'none' });
    const errorWith = async (path: string, expiresAt: number) => {
      const sealed = sealHint(frontdesk.keyring, path, hint!, expiresAt);
      return responseParameters(await browser.send(`${silent.url}&id_token_hint=${sealed}`))['error'];
    };
    const inOneMinute = Date.now() + 60_000;
    expect(await errorWith('/oauth/authorize', inOneMinute)).toBeUndefined();
    expect(await errorWith('/oauth/authorize', Date.now() - 1)).toBe('invalid_request');
    expect(await errorWith('/oauth/logout', inOneMinute)).toBe('invalid_request');
  });

  test('is refused when another deployment sealed it', async () => {
    const otherDeployment = await startFrontdesk();
    await siteA(otherDeployment);
    const sealed = await newBrowser(otherDeployment).send(`${otherDeployment.issuer}/oauth/logout`, {
      form: { id_token_hint: 'x' },
    });
    const hint = new URL(sealed.location!).searchParams.get('id_token_hint')!;
    expect(hint).toMatch(/^sealed\./);
    const page = await newBrowser(frontdesk).send(`${frontdesk.issuer}/oauth/logout?id_token_hint=${hint}`);
    expect([page.status, page.body]).toEqual([400, expect.stringContaining('invalid_request')]);
  });
});
