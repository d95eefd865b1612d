/** Tests requests of clients with common library defaults: without PKCE, with unregistered scopes and `claims`. */
import { createHash } from 'node:crypto';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { runSql } from '../support/database.ts';
import { sendRequest } from '../support/browser.ts';
import { ann, app, audience, notesApi, siteA, siteB, type RegisteredApp } from '../support/people-and-apps.ts';
import {
  responseParameters,
  authorize,
  callAs,
  codeFor,
  exchange,
  newBrowser,
  refresh,
  tokensFor,
} from '../support/flow.ts';
import type { Tokens } from '../support/flow.ts';
import { becomes } from '../support/eventually.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { asApp, registered, withRegistration } from '../support/registration.ts';
import { registerApi } from '../../src/apis/register-api.ts';
import { setClaims } from '../../src/accounts/set-claims.ts';
import { setPolicy } from '../../src/policy/set-policy.ts';
import { endAccountSessions } from '../../src/sessions/end-session.ts';

let frontdesk: Frontdesk;
/** A confidential client with an API. */
let wiki: RegisteredApp;
/** A public client. */
let singlePageApp: RegisteredApp;
let annId: string;

const withoutPkce = { code_challenge: undefined, code_challenge_method: undefined };

beforeAll(async () => {
  frontdesk = await startFrontdesk({ settings: withRegistration });
  annId = (await ann(frontdesk)).id;
  await setClaims(frontdesk.db, annId, { phone_number: '+49 30 901820', birthdate: '1990-10-31' }, 'command-line');
  await notesApi(frontdesk);
  wiki = await siteA(frontdesk, { id: 'wiki', apis: [{ audience }] });
  singlePageApp = await siteB(frontdesk, { id: 'page', isFirstParty: true });
});

/** Signs in and exchanges the code, with this PKCE verifier or none. @returns the token response */
async function signInAndExchange(
  client: RegisteredApp,
  parameters: Record<string, string | undefined>,
  verifier?: string,
) {
  const code = await codeFor(newBrowser(frontdesk), authorize(frontdesk, client, parameters));
  const form = { grant_type: 'authorization_code', code, redirect_uri: client.redirectUri };
  return callAs(frontdesk, client, '/oauth/token', {
    ...form,
    ...(verifier !== undefined && { code_verifier: verifier }),
  });
}

const sendsPkce = async (id: string) =>
  (await runSql<{ sends_pkce: boolean | null }>(frontdesk.db, `select sends_pkce from clients where id = '${id}'`))[0]!
    .sends_pkce;

describe('B05 PKCE', () => {
  test('is optional for a confidential client, and its row records whether it sent PKCE', async () => {
    expect((await signInAndExchange(wiki, withoutPkce)).status).toBe(200);
    expect(await sendsPkce('wiki')).toBe(false);
    await tokensFor(frontdesk, newBrowser(frontdesk), wiki);
    expect(await sendsPkce('wiki')).toBe(true);
  });

  test('is required of a public client', async () => {
    const url = authorize(frontdesk, singlePageApp, withoutPkce).url;
    const parameters = responseParameters(await newBrowser(frontdesk).send(url));
    expect(parameters).toMatchObject({ error: 'invalid_request', error_description: expect.stringContaining('PKCE') });
  });

  test('is checked at the exchange when the request sent a code challenge, and refused when it sent none', async () => {
    expect((await signInAndExchange(wiki, {})).json()).toMatchObject({ error: 'invalid_grant' });
    expect((await signInAndExchange(wiki, withoutPkce, 'v'.repeat(43))).json()).toMatchObject({
      error: 'invalid_grant',
    });
  });

  test('is required of a client that is registered with require_pkce', async () => {
    const strict = await siteA(frontdesk, { id: 'strict', metadata: { require_pkce: true } });
    expect(
      responseParameters(await newBrowser(frontdesk).send(authorize(frontdesk, strict, withoutPkce).url))['error'],
    ).toBe('invalid_request');
  });

  test('is required of all clients by the policy `pkce` `all`', async () => {
    await setPolicy(frontdesk.db, 'pkce', 'all', 'command-line');
    const request = () => newBrowser(frontdesk).send(authorize(frontdesk, wiki, withoutPkce).url);
    await becomes(async () => responseParameters(await request())['error'], 'invalid_request');
    await setPolicy(frontdesk.db, 'pkce', 'public', 'command-line');
  });
});

describe('claims in the ID token', () => {
  const claims = ({ id_token: token }: Tokens) => decodeJwt(token!);
  const person = { name: 'Ann Archer', email: 'ann@example.com', email_verified: true };

  test('are those of the granted scopes, with or without a resource, also after refreshing', async () => {
    for (const parameters of [{}, { resource: audience, scope: 'openid profile email notes:read' }]) {
      const tokens = await tokensFor(frontdesk, newBrowser(frontdesk), wiki, parameters);
      expect(claims(tokens)).toMatchObject(person);
      expect(claims((await refresh(frontdesk, wiki, tokens.refresh_token!)).json<Tokens>())).toMatchObject(person);
    }
    const tokens = await tokensFor(frontdesk, newBrowser(frontdesk), wiki, { scope: 'openid email' });
    expect(claims(tokens)).toMatchObject({ email: 'ann@example.com' });
    expect(claims(tokens)['name']).toBeUndefined();
  });

  test('are left out for a client with id_token_claims false, and for a self-registered client', async () => {
    const withoutClaims = await siteA(frontdesk, { id: 'without-claims', metadata: { id_token_claims: false } });
    const selfRegistered = asApp(await registered(frontdesk));
    for (const client of [withoutClaims, selfRegistered]) {
      for (const parameters of [{}, { claims: '{"userinfo":{"email":null}}' }]) {
        const tokens = await tokensFor(frontdesk, newBrowser(frontdesk), client, parameters);
        expect(Object.keys(claims(tokens))).not.toContain('email');
      }
    }
  });

  test('include at_hash, the left half of the SHA-256 hash of the access token', async () => {
    for (const parameters of [{}, { resource: audience, scope: 'openid notes:read' }]) {
      const tokens = await tokensFor(frontdesk, newBrowser(frontdesk), wiki, parameters);
      const leftHalf = createHash('sha256').update(tokens.access_token).digest().subarray(0, 16).toString('base64url');
      expect(claims(tokens)['at_hash']).toBe(leftHalf);
    }
  });
});

test('G01 the claims parameter requests no claims beyond those of the registered scopes', async () => {
  const requestedClaims = { email: null, phone_number: { essential: true }, birthdate: null, address: null };
  const request = { scope: 'openid', claims: JSON.stringify({ id_token: requestedClaims, userinfo: requestedClaims }) };
  const withEmailScope = await siteA(frontdesk, { id: 'with-email-scope', metadata: { scope: 'openid email' } });
  const tokens = await tokensFor(frontdesk, newBrowser(frontdesk), withEmailScope, request);
  const info = await sendRequest(`${frontdesk.issuer}/oauth/userinfo`, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  });
  for (const claims of [decodeJwt(tokens.id_token!), info.json()]) {
    expect(claims).toMatchObject({ email: 'ann@example.com' });
    expect(Object.keys(claims).filter((name) => ['phone_number', 'birthdate', 'address'].includes(name))).toEqual([]);
  }
  const withAllScopes = await siteA(frontdesk, {
    id: 'with-all-scopes',
    metadata: { scope: 'openid email phone profile' },
  });
  const allClaims = decodeJwt((await tokensFor(frontdesk, newBrowser(frontdesk), withAllScopes, request)).id_token!);
  expect(allClaims).toMatchObject({ phone_number: '+49 30 901820', birthdate: '1990-10-31' });
});

describe('JWT access tokens', () => {
  const request = { resource: audience, scope: 'openid notes:read' };
  const introspect = (client: RegisteredApp, token: string) =>
    callAs(frontdesk, client, '/oauth/introspect', { token, token_type_hint: 'access_token' });

  test('B17 are active at introspection for their client only, while their grant is live', async () => {
    const browser = newBrowser(frontdesk);
    const { access_token: token } = await tokensFor(frontdesk, browser, wiki, request);
    const active = {
      active: true,
      client_id: 'wiki',
      sub: annId,
      aud: audience,
      scope: 'notes:read',
      token_type: 'Bearer',
    };
    expect((await introspect(wiki, token)).json()).toMatchObject(active);
    const other = await app(frontdesk, { id: 'other' });
    expect((await introspect(other, token)).json()).toEqual({ active: false });
    await endAccountSessions(frontdesk.db, annId, 'ended_by_administrator');
    expect((await introspect(wiki, token)).json()).toEqual({ active: false });
  });

  test('B17 that are ID tokens, altered or truncated are inactive at introspection, without an error', async () => {
    const { access_token: token, id_token: idToken } = await tokensFor(frontdesk, newBrowser(frontdesk), wiki, request);
    const [header, payload, signature] = token.split('.') as [string, string, string];
    for (const invalid of [
      idToken!,
      `${header}.${payload}.`,
      `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`,
      `${header}.${Buffer.from('{}').toString('base64url')}.${signature}`,
      'a.b.c',
      `jwt:${token}x`,
    ]) {
      const response = await introspect(wiki, invalid);
      expect([response.status, response.json()]).toEqual([200, { active: false }]);
    }
  });

  test('B17 from the client credentials grant are active at introspection too', async () => {
    const report = await app(frontdesk, { id: 'report', kind: 'machine', apis: [{ audience }] });
    const { access_token: token } = (
      await callAs(frontdesk, report, '/oauth/token', { grant_type: 'client_credentials' })
    ).json<Tokens>();
    expect((await introspect(report, token)).json()).toMatchObject({
      active: true,
      client_id: 'report',
      aud: audience,
    });
  });

  test('have the type at+jwt, or JWT for an API that is registered with it', async () => {
    const springAudience = 'https://spring.example/';
    const api = { audience: springAudience, name: 'Spring', scopes: { read: 'Read' }, accessTokenLifetimeSeconds: 300 };
    await registerApi(
      frontdesk.db,
      { ...api, tokenFormat: 'jwt', jwtType: 'JWT', clientId: undefined },
      'command-line',
    );
    const client = await siteA(frontdesk, { id: 'spring', apis: [{ audience: springAudience }, { audience }] });
    const keys = createRemoteJWKSet(new URL('/oauth/jwks', frontdesk.issuer));
    for (const [resource, type] of [
      [springAudience, 'JWT'],
      [audience, 'at+jwt'],
    ] as const) {
      const scope = 'openid read notes:read';
      const { access_token: token } = await tokensFor(frontdesk, newBrowser(frontdesk), client, { resource, scope });
      expect(decodeProtectedHeader(token).typ).toBe(type);
      await jwtVerify(token, keys, { issuer: frontdesk.issuer, audience: resource });
      expect((await introspect(client, token)).json()).toMatchObject({ active: true });
    }
  });
});

test('B20 CORS allows pages of a client to send credentials to discovery, JWKS, token and userinfo', async () => {
  const { origin } = new URL(singlePageApp.redirectUri);
  for (const path of ['/.well-known/openid-configuration', '/oauth/jwks', '/oauth/token', '/oauth/userinfo']) {
    const isForm = path === '/oauth/token';
    const response = await sendRequest(`${frontdesk.issuer}${path}`, {
      headers: { origin },
      ...(isForm && { form: { grant_type: 'authorization_code', code: 'x', client_id: singlePageApp.id } }),
    });
    expect([
      path,
      response.headers['access-control-allow-origin'],
      response.headers['access-control-allow-credentials'],
    ]).toEqual([path, origin, 'true']);
  }
});

test('scopes that are unknown or not registered for the client are left out of the granted scope', async () => {
  const request = authorize(frontdesk, wiki, { scope: 'openid email phone custom' });
  const code = await codeFor(newBrowser(frontdesk), request);
  const tokens = (await exchange(frontdesk, wiki, { code, verifier: request.verifier })).json<Tokens>();
  expect(tokens.scope).toBe('openid email');
});
