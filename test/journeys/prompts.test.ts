/** Tests the `prompt` parameter (OpenID Connect Core §3.1.2.1): select_account, and values that are not supported. */
import { decodeJwt } from 'jose';
import { ann, app, ben, siteA, type Person, type RegisteredApp } from '../support/people-and-apps.ts';
import { responseParameters, authorize, codeFor, exchange, newBrowser, signIn, type Tokens } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { jwksOf, makeKey, signed, type AppKey } from '../support/keys.ts';
import type { Browser, Page } from '../support/browser.ts';

let frontdesk: Frontdesk;
let firstPartyApp: RegisteredApp;
let thirdPartyApp: RegisteredApp;
/** A first-party app that signs request objects. */
let signingApp: RegisteredApp;
let key: AppKey;
let annAccount: Person;
let benAccount: Person;

beforeAll(async () => {
  frontdesk = await startFrontdesk({ settings: { RATE_LIMIT_FACTOR: '100' } });
  [annAccount, benAccount] = [await ann(frontdesk), await ben(frontdesk)];
  firstPartyApp = await siteA(frontdesk);
  thirdPartyApp = await app(frontdesk, { id: 'third-party', name: 'Third party' });
  key = await makeKey();
  const metadata = { jwks: jwksOf(key), request_object_signing_alg: 'RS256' };
  signingApp = await app(frontdesk, { id: 'signing', name: 'Signing', isFirstParty: true, metadata });
});

const isSignInPage = (page: Page) => page.root.querySelector('input[name=login]') !== null;
/** Whether the page offers to continue as the person who is signed in. */
const isAccountChoice = (page: Page) => page.root.querySelector('form[action*="/continue"]') !== null;
/** The link to sign in with another account. */
const otherAccountUrl = (page: Page) =>
  new URL(page.root.querySelector('a[href*="as=another"]')!.getAttribute('href')!, page.url).href;

/** A browser in which Ann is signed in. */
async function signedInBrowser(): Promise<Browser> {
  const browser = newBrowser(frontdesk);
  await codeFor(browser, authorize(frontdesk, firstPartyApp));
  return browser;
}

/** Exchanges the code in an authorization response. @returns `sub` of the ID token */
async function subjectOf(page: Page, at: RegisteredApp, verifier: string): Promise<string | undefined> {
  const { code } = responseParameters(page);
  return decodeJwt((await exchange(frontdesk, at, { code: code!, verifier })).json<Tokens>().id_token!).sub;
}

describe('prompt=select_account', () => {
  test('shows who is signed in, and gets a code for that person', async () => {
    const browser = await signedInBrowser();
    const request = authorize(frontdesk, firstPartyApp, { prompt: 'select_account' });
    const page = await browser.visit(request.url);
    expect([page.status, isAccountChoice(page), isSignInPage(page)]).toEqual([200, true, false]);
    expect(page.text).toMatch(/Ann Archer[^]*ann@example.com[^]*Continue as Ann Archer[^]*Use another account/);
    const response = await page.submit();
    expect(responseParameters(response)['state']).toBe(request.state);
    expect(await subjectOf(response, firstPartyApp, request.verifier)).toBe(annAccount.id);
    // A second submission gets a code too.
    expect(responseParameters(await page.submit())['code']).toBeTruthy();
  });

  test('gets a code for another person who signs in', async () => {
    const browser = await signedInBrowser();
    const request = authorize(frontdesk, firstPartyApp, { prompt: 'select_account' });
    const form = await browser.visit(otherAccountUrl(await browser.visit(request.url)));
    expect(isSignInPage(form)).toBe(true);
    expect(await subjectOf(await signIn(form, 'ben'), firstPartyApp, request.verifier)).toBe(benAccount.id);
  });

  test('gets no code when another person has signed in since the page was shown', async () => {
    const browser = await signedInBrowser();
    const page = await browser.visit(authorize(frontdesk, firstPartyApp, { prompt: 'select_account' }).url);
    const form = await browser.visit(otherAccountUrl(page));
    expect(responseParameters(await signIn(form, 'ben'))['code']).toBeTruthy();
    const repeated = await page.submit();
    expect([repeated.location, repeated.text]).toEqual([undefined, expect.stringContaining('You are signed in')]);
  });

  test('shows only the sign-in page without a session', async () => {
    const request = authorize(frontdesk, firstPartyApp, { prompt: 'select_account' });
    const page = await newBrowser(frontdesk).visit(request.url);
    expect(isSignInPage(page)).toBe(true);
    expect(await subjectOf(await signIn(page, 'ann'), firstPartyApp, request.verifier)).toBe(annAccount.id);
  });

  test('shows who is signed in when its sign-in page is reloaded after a sign-in in another tab', async () => {
    const browser = newBrowser(frontdesk);
    const openPage = await browser.visit(authorize(frontdesk, firstPartyApp, { prompt: 'select_account' }).url);
    await codeFor(browser, authorize(frontdesk, firstPartyApp));
    const page = await browser.visit(openPage.url);
    expect(isAccountChoice(page)).toBe(true);
    expect(responseParameters(await page.submit())['code']).toBeTruthy();
  });

  test('combined with login shows only the sign-in page; combined with consent shows the consent page afterwards', async () => {
    const browser = await signedInBrowser();
    const form = await browser.visit(authorize(frontdesk, firstPartyApp, { prompt: 'select_account login' }).url);
    expect(isSignInPage(form)).toBe(true);
    expect(responseParameters(await signIn(form, 'ann'))['code']).toBeTruthy();
    const accountChoice = await browser.visit(
      authorize(frontdesk, thirdPartyApp, { prompt: 'consent select_account' }).url,
    );
    const consentPage = await accountChoice.submit();
    expect(consentPage.text).toContain('Third party asks for access');
    expect(responseParameters(await consentPage.submit())['code']).toBeTruthy();
  });

  test('redirects to the app with access_denied after "Cancel"', async () => {
    const page = await (
      await signedInBrowser()
    ).visit(authorize(frontdesk, firstPartyApp, { prompt: 'select_account' }).url);
    expect(responseParameters(await page.submit({}, { button: '[data-action=cancel]' }))['error']).toBe(
      'access_denied',
    );
  });

  test('A09 refuses the form of another site, and of an interaction without select_account', async () => {
    const browser = await signedInBrowser();
    const page = await browser.visit(authorize(frontdesk, firstPartyApp, { prompt: 'select_account' }).url);
    expect((await page.submit({ csrf: 'guessed' })).status).toBe(403);
    expect((await page.submit({}, { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403);
    const form = await browser.visit(authorize(frontdesk, firstPartyApp, { prompt: 'login' }).url);
    const csrf = form.root.querySelector('input[name=csrf]')!.getAttribute('value')!;
    const response = await browser.visit(`${frontdesk.issuer}${new URL(form.url).pathname}/continue`, {
      form: { csrf },
    });
    expect([response.location, response.text]).toEqual([undefined, expect.stringContaining('You are signed in')]);
  });
});

/** The URL of an authorization request by a request object (RFC 9101). */
async function byRequestObject(prompt: string): Promise<string> {
  const claims = Object.fromEntries(new URL(authorize(frontdesk, signingApp, { prompt }).url).searchParams);
  const request = await signed(key, { ...claims, iss: signingApp.id, aud: frontdesk.issuer }, 'oauth-authz-req+jwt');
  const outer = { client_id: signingApp.id, response_type: 'code', redirect_uri: signingApp.redirectUri };
  return `${frontdesk.issuer}/oauth/authorize?${new URLSearchParams({ ...outer, request }).toString()}`;
}

describe.each([
  ['in the query', async (prompt: string) => authorize(frontdesk, signingApp, { prompt }).url],
  ['in a request object', byRequestObject],
])('prompt %s', (_name, urlOf) => {
  test.each(['unknown', 'https://example.com/prompt', 'unknown other', ' '])('"%s" is ignored', async (prompt) => {
    expect(responseParameters(await (await signedInBrowser()).visit(await urlOf(prompt)))['code']).toBeTruthy();
    expect(isSignInPage(await newBrowser(frontdesk).visit(await urlOf(prompt)))).toBe(true);
  });

  test.each(['unknown login', 'login unknown', 'create', 'create select_account'])(
    '"%s" shows the sign-in page, and gets a code',
    async (prompt) => {
      const page = await (await signedInBrowser()).visit(await urlOf(prompt));
      expect(isSignInPage(page)).toBe(true);
      expect(responseParameters(await signIn(page, 'ann'))['code']).toBeTruthy();
    },
  );

  test('"unknown select_account" shows who is signed in', async () => {
    const page = await (await signedInBrowser()).visit(await urlOf('unknown select_account'));
    expect(isAccountChoice(page)).toBe(true);
    expect(responseParameters(await page.submit())['code']).toBeTruthy();
  });

  test.each(['none login', 'none select_account', 'none create', 'none unknown', 'consent none'])(
    '"%s" is an error',
    async (prompt) => {
      expect(responseParameters(await (await signedInBrowser()).visit(await urlOf(prompt)))['error']).toBe(
        'invalid_request',
      );
    },
  );
});

test('discovery has the supported values of prompt', async () => {
  const response = await newBrowser(frontdesk).send(`${frontdesk.issuer}/.well-known/openid-configuration`);
  expect(response.json()['prompt_values_supported']).toEqual(['none', 'login', 'consent', 'select_account']);
});
