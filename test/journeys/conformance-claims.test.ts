/** Scopes and claims as the suite's basic plan checks them, in tests named after its modules. */
import { sendRequest, type Browser } from '../support/browser.ts';
import { siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { responseParameters, newBrowser, signIn, userinfo } from '../support/flow.ts';
import type { Frontdesk } from '../support/frontdesk.ts';
import {
  completeInteractions,
  authorizeWithoutPkce,
  claimsOfAnn,
  startRp,
  startConformanceServer,
  suiteClient,
  tokensOf,
  type Rp,
} from '../support/suite.ts';

let frontdesk: Frontdesk & { annId: string };
let rp: Rp;
let client: RegisteredApp;
let browser: Browser;

beforeAll(async () => {
  frontdesk = await startConformanceServer();
  rp = await startRp();
  client = await suiteClient(frontdesk, rp);
});
beforeEach(() => {
  browser = newBrowser(frontdesk);
});

const ofIdToken = new Set(['iss', 'sub', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'acr', 'amr', 'sid', 'at_hash']);
const profile = ['name', 'preferred_username', 'updated_at', 'given_name', 'family_name', 'middle_name', 'nickname'];
const more = ['profile', 'picture', 'website', 'gender', 'birthdate', 'zoneinfo', 'locale'];
const ofScope: Record<string, string[]> = {
  profile: [...profile, ...more],
  email: ['email', 'email_verified'],
  address: ['address'],
  phone: ['phone_number', 'phone_number_verified'],
};

async function userinfoFor(parameters: Record<string, string>) {
  const { access_token: token, claims } = await tokensOf(frontdesk, browser, client, parameters);
  const response = await userinfo(frontdesk, token);
  expect(response.status).toBe(200);
  return { told: response.json(), claims };
}

test.each(Object.entries(ofScope))('oidcc-scope-%s', async (scope, names) => {
  const { told, claims } = await userinfoFor({ scope: `openid ${scope}` });
  expect(Object.keys(told).toSorted()).toEqual(['sub', ...names].toSorted());
  // Scopes are answered at userinfo, where an access token is issued (OpenID Connect Core 5.4).
  expect(Object.keys(claims).filter((name) => !ofIdToken.has(name))).toEqual([]);
});

test('oidcc-scope-all, each claim in its type', async () => {
  const { told } = await userinfoFor({ scope: 'openid profile email address phone' });
  const { updated_at: updatedAt, ...rest } = told;
  expect(rest).toEqual({
    ...claimsOfAnn,
    sub: frontdesk.annId,
    name: 'Ann Archer',
    preferred_username: 'ann',
    email: 'ann@example.com',
    email_verified: true,
  });
  expect(Number.isInteger(updatedAt)).toBe(true);
});

describe('oidcc-claims-essential', () => {
  const essential = { essential: true };

  test('at userinfo', async () => {
    const claims = JSON.stringify({ userinfo: { name: essential, 'no-such-claim': null } });
    const { told, claims: inToken } = await userinfoFor({ scope: 'openid', claims });
    expect(told).toEqual({ sub: frontdesk.annId, name: 'Ann Archer' });
    expect(inToken).not.toHaveProperty('name');
  });

  test('in the ID token', async () => {
    const claims = JSON.stringify({ id_token: { name: essential, email: null, auth_time: essential } });
    const { told, claims: inToken } = await userinfoFor({ scope: 'openid', claims });
    expect(told).toEqual({ sub: frontdesk.annId });
    expect(inToken).toMatchObject({ name: 'Ann Archer', email: 'ann@example.com', auth_time: expect.any(Number) });
  });

  test('they are on the consent page, which can be cancelled', async () => {
    const claims = JSON.stringify({ userinfo: { birthdate: essential } });
    const page = await signIn(
      await browser.visit(authorizeWithoutPkce(frontdesk, client, { scope: 'openid', claims }).url),
      'ann',
    );
    expect(page.text).toContain('birthdate');
    const cancelled = await page.submit({}, { button: '[data-action=cancel]' });
    expect(responseParameters(cancelled)['error']).toBe('access_denied');
  });

  test('a first-party app needs no consent', async () => {
    const house = await siteA(frontdesk);
    const claims = JSON.stringify({ userinfo: { birthdate: null } });
    const page = await browser.visit(
      authorizeWithoutPkce(frontdesk, house, {
        scope: 'openid',
        claims,
        code_challenge: 'x'.repeat(43),
        code_challenge_method: 'S256',
      }).url,
    );
    expect(responseParameters(await signIn(page, 'ann'))['code']).toBeDefined();
  });
});

describe('claims about the sign-in', () => {
  test.each([
    [{ acr: { essential: true, values: ['aal3'] } }, 'unmet_authentication_requirements'],
    [{ acr: { essential: true, value: 'aal3' } }, 'unmet_authentication_requirements'],
    [{ acr: { essential: true, values: 'aal1' } }, 'invalid_request'],
  ])('%j is refused at once, without a prompt that would never end', async (wanted, error) => {
    const claims = JSON.stringify({ id_token: wanted });
    expect(
      responseParameters(await browser.visit(authorizeWithoutPkce(frontdesk, client, { claims }).url))['error'],
    ).toBe(error);
  });

  test.each([{ essential: true, values: ['aal3', 'aal1'] }, { values: ['aal3'] }, { value: 'aal3' }, null])(
    'acr %j is answered',
    async (acr) => {
      const { claims } = await tokensOf(frontdesk, browser, client, { claims: JSON.stringify({ id_token: { acr } }) });
      expect(claims['acr']).toBe('aal1');
    },
  );

  test('only the person in the request can sign in', async () => {
    const wanting = (sub: string) => ({ claims: JSON.stringify({ id_token: { sub: { value: sub } } }) });
    expect((await tokensOf(frontdesk, browser, client, wanting(frontdesk.annId))).claims.sub).toBe(frontdesk.annId);
    const page = await completeInteractions(
      newBrowser(frontdesk),
      authorizeWithoutPkce(frontdesk, client, wanting('somebody-else')),
    );
    expect(responseParameters(page)['error']).toBe('login_required');
  });

  test.each(['{', '[]', '"x"', '{}', '{"userinfo": 7}', '{"id_token": []}'])(
    '%s is no claims parameter',
    async (claims) => {
      expect(
        responseParameters(await browser.visit(authorizeWithoutPkce(frontdesk, client, { claims }).url))['error'],
      ).toBe('invalid_request');
    },
  );
});

test('discovery says so', async () => {
  const discovery = (await sendRequest(`${frontdesk.issuer}/.well-known/openid-configuration`)).json();
  expect(discovery['claims_parameter_supported']).toBe(true);
  expect(discovery['claims_supported']).toEqual(expect.arrayContaining(Object.values(ofScope).flat()));
  expect(discovery['scopes_supported']).toEqual(expect.arrayContaining(['openid', ...Object.keys(ofScope)]));
});
