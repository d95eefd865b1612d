/** Clients with the defaults of libraries: no PKCE, claims from the ID token alone, scopes that they may not have. */
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
let wiki: RegisteredApp;
let page: RegisteredApp;
let annId: string;

const plain = { code_challenge: undefined, code_challenge_method: undefined };

beforeAll(async () => {
  frontdesk = await startFrontdesk({ settings: withRegistration });
  annId = (await ann(frontdesk)).id;
  await setClaims(frontdesk.db, annId, { phone_number: '+49 30 901820', birthdate: '1990-10-31' }, 'command-line');
  await notesApi(frontdesk);
  wiki = await siteA(frontdesk, { id: 'wiki', apis: [{ audience }] });
  page = await siteB(frontdesk, { id: 'page', isFirstParty: true });
});

/** Signs in and exchanges the code with this verifier, or none. */
async function exchanged(client: RegisteredApp, parameters: Record<string, string | undefined>, verifier?: string) {
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
  test('a client with a secret may go without it, and its record says so', async () => {
    expect((await exchanged(wiki, plain)).status).toBe(200);
    expect(await sendsPkce('wiki')).toBe(false);
    await tokensFor(frontdesk, newBrowser(frontdesk), wiki);
    expect(await sendsPkce('wiki')).toBe(true);
  });

  test('a public client may not', async () => {
    const answer = responseParameters(await newBrowser(frontdesk).send(authorize(frontdesk, page, plain).url));
    expect(answer).toMatchObject({ error: 'invalid_request', error_description: expect.stringContaining('PKCE') });
  });

  test('where it is sent it is binding', async () => {
    expect((await exchanged(wiki, {})).json()).toMatchObject({ error: 'invalid_grant' });
    expect((await exchanged(wiki, plain, 'v'.repeat(43))).json()).toMatchObject({ error: 'invalid_grant' });
  });

  test('a client registered with require_pkce must send it', async () => {
    const strict = await siteA(frontdesk, { id: 'strict', metadata: { require_pkce: true } });
    expect(responseParameters(await newBrowser(frontdesk).send(authorize(frontdesk, strict, plain).url))['error']).toBe(
      'invalid_request',
    );
  });

  test('the policy asks it of all', async () => {
    await setPolicy(frontdesk.db, 'pkce', 'all', 'command-line');
    const request = () => newBrowser(frontdesk).send(authorize(frontdesk, wiki, plain).url);
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

  test('are left out for a client that wants none, and for one that registered itself', async () => {
    const lean = await siteA(frontdesk, { id: 'lean', metadata: { id_token_claims: false } });
    const itself = asApp(await registered(frontdesk));
    for (const client of [lean, itself]) {
      for (const parameters of [{}, { claims: '{"userinfo":{"email":null}}' }]) {
        const tokens = await tokensFor(frontdesk, newBrowser(frontdesk), client, parameters);
        expect(Object.keys(claims(tokens))).not.toContain('email');
      }
    }
  });

  test('come with at_hash, the left half of the access token’s hash', async () => {
    for (const parameters of [{}, { resource: audience, scope: 'openid notes:read' }]) {
      const tokens = await tokensFor(frontdesk, newBrowser(frontdesk), wiki, parameters);
      const half = createHash('sha256').update(tokens.access_token).digest().subarray(0, 16).toString('base64url');
      expect(claims(tokens)['at_hash']).toBe(half);
    }
  });
});

test('G01 the claims parameter gives no more than the registered scopes stand for', async () => {
  const asked = { email: null, phone_number: { essential: true }, birthdate: null, address: null };
  const request = { scope: 'openid', claims: JSON.stringify({ id_token: asked, userinfo: asked }) };
  const narrow = await siteA(frontdesk, { id: 'narrow', metadata: { scope: 'openid email' } });
  const tokens = await tokensFor(frontdesk, newBrowser(frontdesk), narrow, request);
  const info = await sendRequest(`${frontdesk.issuer}/oauth/userinfo`, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  });
  for (const claims of [decodeJwt(tokens.id_token!), info.json()]) {
    expect(claims).toMatchObject({ email: 'ann@example.com' });
    expect(Object.keys(claims).filter((name) => ['phone_number', 'birthdate', 'address'].includes(name))).toEqual([]);
  }
  const wide = await siteA(frontdesk, { id: 'wide', metadata: { scope: 'openid email phone profile' } });
  const more = decodeJwt((await tokensFor(frontdesk, newBrowser(frontdesk), wide, request)).id_token!);
  expect(more).toMatchObject({ phone_number: '+49 30 901820', birthdate: '1990-10-31' });
});

describe('JWT access tokens', () => {
  const request = { resource: audience, scope: 'openid notes:read' };
  const introspect = (client: RegisteredApp, token: string) =>
    callAs(frontdesk, client, '/oauth/introspect', { token, token_type_hint: 'access_token' });

  test('B17 are answered at introspection for their client, and nobody else', async () => {
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

  test('B17 of another issuer, of another type, cut off or old are inactive, never an error', async () => {
    const { access_token: token, id_token: idToken } = await tokensFor(frontdesk, newBrowser(frontdesk), wiki, request);
    const [header, payload, signature] = token.split('.') as [string, string, string];
    for (const wrong of [
      idToken!,
      `${header}.${payload}.`,
      `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`,
      `${header}.${Buffer.from('{}').toString('base64url')}.${signature}`,
      'a.b.c',
      `jwt:${token}x`,
    ]) {
      const answer = await introspect(wiki, wrong);
      expect([answer.status, answer.json()]).toEqual([200, { active: false }]);
    }
  });

  test('B17 of a program are answered as well', async () => {
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

  test('are at+jwt, or JWT for an API that was registered so', async () => {
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

test('B20 pages of a client may send credentials to discovery, keys, token and userinfo', async () => {
  const { origin } = new URL(page.redirectUri);
  for (const path of ['/.well-known/openid-configuration', '/oauth/jwks', '/oauth/token', '/oauth/userinfo']) {
    const isForm = path === '/oauth/token';
    const answer = await sendRequest(`${frontdesk.issuer}${path}`, {
      headers: { origin },
      ...(isForm && { form: { grant_type: 'authorization_code', code: 'x', client_id: page.id } }),
    });
    expect([
      path,
      answer.headers['access-control-allow-origin'],
      answer.headers['access-control-allow-credentials'],
    ]).toEqual([path, origin, 'true']);
  }
});

test('a scope that is unknown or not the client’s is left out, and the response says what was granted', async () => {
  const request = authorize(frontdesk, wiki, { scope: 'openid email phone custom' });
  const code = await codeFor(newBrowser(frontdesk), request);
  const tokens = (await exchange(frontdesk, wiki, { code, verifier: request.verifier })).json<Tokens>();
  expect(tokens.scope).toBe('openid email');
});
