/** Tests scopes and claims as the suite's basic plan checks them, in tests named after its modules. */
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

const protocolClaims = new Set([
  'iss',
  'sub',
  'aud',
  'exp',
  'iat',
  'auth_time',
  'nonce',
  'acr',
  'amr',
  'sid',
  'at_hash',
]);
const profile = ['name', 'preferred_username', 'updated_at', 'given_name', 'family_name', 'middle_name', 'nickname'];
const more = ['profile', 'picture', 'website', 'gender', 'birthdate', 'zoneinfo', 'locale'];
const claimsByScope: Record<string, string[]> = {
  profile: [...profile, ...more],
  email: ['email', 'email_verified'],
  address: ['address'],
  phone: ['phone_number', 'phone_number_verified'],
};

/** Signs in with these parameters. @returns the userinfo response, and the claims of the ID token */
async function userinfoFor(parameters: Record<string, string>) {
  const { access_token: token, claims } = await tokensOf(frontdesk, browser, client, parameters);
  const response = await userinfo(frontdesk, token);
  expect(response.status).toBe(200);
  return { info: response.json(), claims };
}

test.each(Object.entries(claimsByScope))('oidcc-scope-%s', async (scope, names) => {
  const { info, claims } = await userinfoFor({ scope: `openid ${scope}` });
  expect(Object.keys(info).toSorted()).toEqual(['sub', ...names].toSorted());
  // When an access token is issued, the claims of scopes are at userinfo only (OpenID Connect Core §5.4).
  expect(Object.keys(claims).filter((name) => !protocolClaims.has(name))).toEqual([]);
});

test('oidcc-scope-all: each claim has its type', async () => {
  const { info } = await userinfoFor({ scope: 'openid profile email address phone' });
  const { updated_at: updatedAt, ...rest } = info;
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

  test('claims that are requested of userinfo are only there', async () => {
    const claims = JSON.stringify({ userinfo: { name: essential, 'no-such-claim': null } });
    const { info, claims: idTokenClaims } = await userinfoFor({ scope: 'openid', claims });
    expect(info).toEqual({ sub: frontdesk.annId, name: 'Ann Archer' });
    expect(idTokenClaims).not.toHaveProperty('name');
  });

  test('claims that are requested of the ID token are only there', async () => {
    const claims = JSON.stringify({ id_token: { name: essential, email: null, auth_time: essential } });
    const { info, claims: idTokenClaims } = await userinfoFor({ scope: 'openid', claims });
    expect(info).toEqual({ sub: frontdesk.annId });
    expect(idTokenClaims).toMatchObject({
      name: 'Ann Archer',
      email: 'ann@example.com',
      auth_time: expect.any(Number),
    });
  });

  test('requested claims are on the consent page, which can be cancelled', async () => {
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
    const firstPartyApp = await siteA(frontdesk);
    const claims = JSON.stringify({ userinfo: { birthdate: null } });
    const page = await browser.visit(
      authorizeWithoutPkce(frontdesk, firstPartyApp, {
        scope: 'openid',
        claims,
        code_challenge: 'x'.repeat(43),
        code_challenge_method: 'S256',
      }).url,
    );
    expect(responseParameters(await signIn(page, 'ann'))['code']).toBeDefined();
  });
});

describe('claims about the authentication', () => {
  test.each([
    [{ acr: { essential: true, values: ['aal3'] } }, 'unmet_authentication_requirements'],
    [{ acr: { essential: true, value: 'aal3' } }, 'unmet_authentication_requirements'],
    [{ acr: { essential: true, values: 'aal1' } }, 'invalid_request'],
  ])('%j is refused without a sign-in page', async (requested, error) => {
    const claims = JSON.stringify({ id_token: requested });
    expect(
      responseParameters(await browser.visit(authorizeWithoutPkce(frontdesk, client, { claims }).url))['error'],
    ).toBe(error);
  });

  test.each([{ essential: true, values: ['aal3', 'aal1'] }, { values: ['aal3'] }, { value: 'aal3' }, null])(
    'a request for acr %j gets aal1',
    async (acr) => {
      const { claims } = await tokensOf(frontdesk, browser, client, { claims: JSON.stringify({ id_token: { acr } }) });
      expect(claims['acr']).toBe('aal1');
    },
  );

  test('only the person whose sub is requested can sign in', async () => {
    const requestFor = (sub: string) => ({ claims: JSON.stringify({ id_token: { sub: { value: sub } } }) });
    expect((await tokensOf(frontdesk, browser, client, requestFor(frontdesk.annId))).claims.sub).toBe(frontdesk.annId);
    const page = await completeInteractions(
      newBrowser(frontdesk),
      authorizeWithoutPkce(frontdesk, client, requestFor('somebody-else')),
    );
    expect(responseParameters(page)['error']).toBe('login_required');
  });

  test.each(['{', '[]', '"x"', '{}', '{"userinfo": 7}', '{"id_token": []}'])(
    '%s is refused as a claims parameter',
    async (claims) => {
      expect(
        responseParameters(await browser.visit(authorizeWithoutPkce(frontdesk, client, { claims }).url))['error'],
      ).toBe('invalid_request');
    },
  );
});

test('discovery has the supported claims and scopes', async () => {
  const discovery = (await sendRequest(`${frontdesk.issuer}/.well-known/openid-configuration`)).json();
  expect(discovery['claims_parameter_supported']).toBe(true);
  expect(discovery['claims_supported']).toEqual(expect.arrayContaining(Object.values(claimsByScope).flat()));
  expect(discovery['scopes_supported']).toEqual(expect.arrayContaining(['openid', ...Object.keys(claimsByScope)]));
});
