/** `prompt` (OpenID Connect Core §3.1.2.1): choosing an account, and values that mean nothing here. */
import { decodeJwt } from 'jose';
import { ann, app, ben, siteA, type Person, type RegisteredApp } from '../support/people-and-apps.ts';
import { responseParameters, authorize, codeFor, exchange, newBrowser, signIn, type Tokens } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { jwksOf, makeKey, signed, type AppKey } from '../support/keys.ts';
import type { Browser, Page } from '../support/browser.ts';

let frontdesk: Frontdesk;
let house: RegisteredApp;
let stranger: RegisteredApp;
let signing: RegisteredApp;
let key: AppKey;
let anns: Person;
let bens: Person;

beforeAll(async () => {
  frontdesk = await startFrontdesk({ settings: { RATE_LIMIT_FACTOR: '100' } });
  [anns, bens] = [await ann(frontdesk), await ben(frontdesk)];
  house = await siteA(frontdesk);
  stranger = await app(frontdesk, { id: 'stranger', name: 'Stranger' });
  key = await makeKey();
  const metadata = { jwks: jwksOf(key), request_object_signing_alg: 'RS256' };
  signing = await app(frontdesk, { id: 'signing', name: 'Signing', isFirstParty: true, metadata });
});

const isForm = (page: Page) => page.root.querySelector('input[name=login]') !== null;
const isChoice = (page: Page) => page.root.querySelector('form[action*="/continue"]') !== null;
const another = (page: Page) =>
  new URL(page.root.querySelector('a[href*="as=another"]')!.getAttribute('href')!, page.url).href;

async function known(): Promise<Browser> {
  const browser = newBrowser(frontdesk);
  await codeFor(browser, authorize(frontdesk, house));
  return browser;
}

/** `sub` of the tokens for a code. */
async function subjectOf(page: Page, at: RegisteredApp, verifier: string): Promise<string | undefined> {
  const { code } = responseParameters(page);
  return decodeJwt((await exchange(frontdesk, at, { code: code!, verifier })).json<Tokens>().id_token!).sub;
}

describe('select_account', () => {
  test('shows who is signed in, and goes on as that person', async () => {
    const browser = await known();
    const request = authorize(frontdesk, house, { prompt: 'select_account' });
    const page = await browser.visit(request.url);
    expect([page.status, isChoice(page), isForm(page)]).toEqual([200, true, false]);
    expect(page.text).toMatch(/Ann Archer[^]*ann@example.com[^]*Continue as Ann Archer[^]*Use another account/);
    const back = await page.submit();
    expect(responseParameters(back)['state']).toBe(request.state);
    expect(await subjectOf(back, house, request.verifier)).toBe(anns.id);
    // The button once more.
    expect(responseParameters(await page.submit())['code']).toBeTruthy();
  });

  test('signs somebody else in', async () => {
    const browser = await known();
    const request = authorize(frontdesk, house, { prompt: 'select_account' });
    const form = await browser.visit(another(await browser.visit(request.url)));
    expect(isForm(form)).toBe(true);
    expect(await subjectOf(await signIn(form, 'ben'), house, request.verifier)).toBe(bens.id);
  });

  test('an earlier page of the same interaction does not go on as another person', async () => {
    const browser = await known();
    const page = await browser.visit(authorize(frontdesk, house, { prompt: 'select_account' }).url);
    const form = await browser.visit(another(page));
    expect(responseParameters(await signIn(form, 'ben'))['code']).toBeTruthy();
    const repeated = await page.submit();
    expect([repeated.location, repeated.text]).toEqual([undefined, expect.stringContaining('You are signed in')]);
  });

  test('without a session is the sign-in page, and nothing after it', async () => {
    const request = authorize(frontdesk, house, { prompt: 'select_account' });
    const page = await newBrowser(frontdesk).visit(request.url);
    expect(isForm(page)).toBe(true);
    expect(await subjectOf(await signIn(page, 'ann'), house, request.verifier)).toBe(anns.id);
  });

  test('waits in a second tab, and asks once the person has signed in', async () => {
    const browser = newBrowser(frontdesk);
    const waiting = await browser.visit(authorize(frontdesk, house, { prompt: 'select_account' }).url);
    await codeFor(browser, authorize(frontdesk, house));
    const page = await browser.visit(waiting.url);
    expect(isChoice(page)).toBe(true);
    expect(responseParameters(await page.submit())['code']).toBeTruthy();
  });

  test('with login is one sign-in page; with consent both are asked', async () => {
    const browser = await known();
    const form = await browser.visit(authorize(frontdesk, house, { prompt: 'select_account login' }).url);
    expect(isForm(form)).toBe(true);
    expect(responseParameters(await signIn(form, 'ann'))['code']).toBeTruthy();
    const choice = await browser.visit(authorize(frontdesk, stranger, { prompt: 'consent select_account' }).url);
    const consent = await choice.submit();
    expect(consent.text).toContain('Stranger asks for access');
    expect(responseParameters(await consent.submit())['code']).toBeTruthy();
  });

  test('cancelled goes back to the app', async () => {
    const page = await (await known()).visit(authorize(frontdesk, house, { prompt: 'select_account' }).url);
    expect(responseParameters(await page.submit({}, { button: '[data-action=cancel]' }))['error']).toBe(
      'access_denied',
    );
  });

  test('A09 is chosen by our form alone, and only where it was asked', async () => {
    const browser = await known();
    const page = await browser.visit(authorize(frontdesk, house, { prompt: 'select_account' }).url);
    expect((await page.submit({ csrf: 'guessed' })).status).toBe(403);
    expect((await page.submit({}, { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403);
    const form = await browser.visit(authorize(frontdesk, house, { prompt: 'login' }).url);
    const csrf = form.root.querySelector('input[name=csrf]')!.getAttribute('value')!;
    const response = await browser.visit(`${frontdesk.issuer}${new URL(form.url).pathname}/continue`, {
      form: { csrf },
    });
    expect([response.location, response.text]).toEqual([undefined, expect.stringContaining('You are signed in')]);
  });
});

/** The request in a request object (RFC 9101). */
async function byRequestObject(prompt: string): Promise<string> {
  const claims = Object.fromEntries(new URL(authorize(frontdesk, signing, { prompt }).url).searchParams);
  const request = await signed(key, { ...claims, iss: signing.id, aud: frontdesk.issuer }, 'oauth-authz-req+jwt');
  const outer = { client_id: signing.id, response_type: 'code', redirect_uri: signing.redirectUri };
  return `${frontdesk.issuer}/oauth/authorize?${new URLSearchParams({ ...outer, request }).toString()}`;
}

describe.each([
  ['in the address', async (prompt: string) => authorize(frontdesk, signing, { prompt }).url],
  ['in a request object', byRequestObject],
])('%s', (_where, urlOf) => {
  test.each(['unknown', 'https://example.com/prompt', 'unknown other', ' '])('"%s" is ignored', async (prompt) => {
    expect(responseParameters(await (await known()).visit(await urlOf(prompt)))['code']).toBeTruthy();
    expect(isForm(await newBrowser(frontdesk).visit(await urlOf(prompt)))).toBe(true);
  });

  test.each(['unknown login', 'login unknown', 'create', 'create select_account'])(
    '"%s" shows the sign-in page, and leads on',
    async (prompt) => {
      const page = await (await known()).visit(await urlOf(prompt));
      expect(isForm(page)).toBe(true);
      expect(responseParameters(await signIn(page, 'ann'))['code']).toBeTruthy();
    },
  );

  test('"unknown select_account" shows who is signed in', async () => {
    const page = await (await known()).visit(await urlOf('unknown select_account'));
    expect(isChoice(page)).toBe(true);
    expect(responseParameters(await page.submit())['code']).toBeTruthy();
  });

  test.each(['none login', 'none select_account', 'none create', 'none unknown', 'consent none'])(
    '"%s" is an error',
    async (prompt) => {
      expect(responseParameters(await (await known()).visit(await urlOf(prompt)))['error']).toBe('invalid_request');
    },
  );
});

test('discovery names the values that mean something', async () => {
  const response = await newBrowser(frontdesk).send(`${frontdesk.issuer}/.well-known/openid-configuration`);
  expect(response.json()['prompt_values_supported']).toEqual(['none', 'login', 'consent', 'select_account']);
});
