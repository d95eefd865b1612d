/** Requirements of README.md beside this file: C01 to C05. Forged tokens, strange key ids, client assertions. */
import { createServer } from 'node:http';
import { createHmac } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTHeaderParameters } from 'jose';
import { app, ann, audience, notesApi, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import {
  responseParameters,
  authorize,
  callAs,
  newBrowser,
  randomText,
  tokensFor,
  type Tokens,
} from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { listen } from '../support/listen.ts';
import { sendRequest, type Browser } from '../support/browser.ts';

let frontdesk: Frontdesk;
let appA: RegisteredApp;
let machine: RegisteredApp;
let known: Browser;
let tokens: Tokens;
let key: CryptoKey;
let publicKey: JWK;

/** Counts requests for keys that forged tokens name. */
const canary = createServer((_request, response) => {
  visits += 1;
  response.end(JSON.stringify({ keys: [publicKey] }));
});
let visits = 0;
let canaryUrl = '';

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await ann(frontdesk);
  appA = await siteA(frontdesk);
  known = newBrowser(frontdesk);
  tokens = await tokensFor(frontdesk, known, appA);
  const pair = await generateKeyPair('RS256');
  key = pair.privateKey;
  publicKey = { ...(await exportJWK(pair.publicKey)), kid: 'mine', alg: 'RS256' };
  const metadata = { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [publicKey] } };
  await notesApi(frontdesk);
  machine = await app(frontdesk, { id: 'machine', kind: 'machine', metadata, apis: [{ audience }] });
  canaryUrl = `http://127.0.0.1:${await listen(canary)}/keys`;
});

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as object;
const assertionClaims = () => ({
  iss: 'machine',
  sub: 'machine',
  aud: frontdesk.issuer,
  jti: randomText(),
  iat: Math.floor(Date.now() / 1000),
  exp: Math.floor(Date.now() / 1000) + 60,
});

/** Tokens that pretend to be signed. */
async function forgeries(claims: () => object): Promise<Record<string, string>> {
  const serverKey = (await sendRequest(`${frontdesk.issuer}/oauth/jwks`))
    .json<{ keys: JWK[] }>()
    .keys.find(({ alg }) => alg === 'RS256');
  const signed = (header: Partial<JWTHeaderParameters>) =>
    new SignJWT(claims() as never).setProtectedHeader({ alg: 'RS256', ...header }).sign(key);
  const none = (alg: string) => `${encode({ alg })}.${encode(claims())}.`;
  const hmacInput = `${encode({ alg: 'HS256', kid: serverKey!.kid })}.${encode(claims())}`;
  const other = await generateKeyPair('RS256', { extractable: true });
  const otherPublic = await exportJWK(other.publicKey);
  const byOther = (header: object) =>
    new SignJWT(claims() as never).setProtectedHeader({ alg: 'RS256', ...header }).sign(other.privateKey);
  const crit = await signed({ kid: 'mine' });
  return {
    'alg none': none('none'),
    'alg None': none('None'),
    'alg NONE': none('NONE'),
    'no signature': crit.replace(/[^.]+$/, ''),
    'HS256 keyed with the public key': `${hmacInput}.${createHmac('sha256', serverKey!.n!).update(hmacInput).digest('base64url')}`,
    'a critical extension nobody knows': await byOther({ crit: ['x'], x: 1, b64: true }).catch(
      () => `${encode({ alg: 'RS256', crit: ['x'], x: 1 })}.${crit.split('.').slice(1).join('.')}`,
    ),
    'a key of its own': await byOther({ jwk: otherPublic }),
    'an address for its key': await byOther({ jku: canaryUrl, kid: 'mine' }),
    'an address for its certificate': await byOther({ x5u: canaryUrl }),
    'a signature by somebody else': await byOther({ kid: serverKey!.kid }),
    'changed claims': `${crit.split('.')[0]}.${encode({ ...claims(), sub: 'ben' })}.${crit.split('.')[2]}`,
  };
}

test('C01 forged ID token hints are refused and nothing is fetched', async () => {
  for (const [how, token] of Object.entries(await forgeries(() => claimsOf(tokens.id_token!)))) {
    const answer = await known.send(authorize(frontdesk, appA, { id_token_hint: token }).url);
    expect([how, responseParameters(answer)['error']]).toEqual([how, 'invalid_request']);
    const out = await known.send(`${frontdesk.issuer}/oauth/logout?id_token_hint=${token}`);
    expect([how, out.status]).toEqual([how, 400]);
  }
  expect(visits).toBe(0);
});

const present = (assertion: string, more: Record<string, string> = {}) =>
  callAs(frontdesk, { ...machine, secret: undefined }, '/oauth/token', {
    grant_type: 'client_credentials',
    ...more,
    client_assertion: assertion,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  });
const assertion = (claims: object, header: object = {}) =>
  new SignJWT(claims as never).setProtectedHeader({ alg: 'RS256', kid: 'mine', ...header }).sign(key);

test('C01 forged client assertions are refused and nothing is fetched', async () => {
  expect((await present(await assertion(assertionClaims()))).status).toBe(200);
  for (const [how, token] of Object.entries(await forgeries(assertionClaims))) {
    // Another `sub` than `iss` is answered 400.
    expect([how, (await present(token)).status]).toEqual([how, how === 'changed claims' ? 400 : 401]);
  }
  expect(visits).toBe(0);
});

test('C02 strange key ids are refused, and never a fault', async () => {
  const kids = [
    '../../etc/passwd',
    "' or 1=1 --",
    '__proto__',
    'constructor',
    '\0',
    'x'.repeat(5000),
    '%00',
    '{}',
    '🔑',
  ];
  for (const kid of kids) {
    const status = (await present(await assertion(assertionClaims(), { kid }))).status;
    expect([kid, status]).toEqual([kid, 401]);
    const hint = `${encode({ alg: 'RS256', kid })}.${tokens.id_token!.split('.').slice(1).join('.')}`;
    const answer = await known.send(authorize(frontdesk, appA, { id_token_hint: hint }).url);
    expect([kid, responseParameters(answer)['error']]).toEqual([kid, 'invalid_request']);
  }
  for (const kid of [1, null, [], {}] as never[]) {
    const token = `${encode({ alg: 'RS256', kid })}.${encode(assertionClaims())}.x`;
    expect((await present(token)).status).toBeLessThan(500);
  }
});

describe('C03 and C05 client assertions', () => {
  test.each([
    ['for another endpoint of ours', () => ({ aud: `${frontdesk.issuer}/oauth/introspect` })],
    ['issued in the future', () => ({ iat: Math.floor(Date.now() / 1000) + 60 })],
    ['for us and somebody else', () => ({ aud: [frontdesk.issuer, 'https://other.example'] })],
    ['for somebody else', () => ({ aud: 'https://other.example' })],
    ['for ten minutes', () => ({ exp: Math.floor(Date.now() / 1000) + 600 })],
    ['that have expired', () => ({ exp: Math.floor(Date.now() / 1000) - 60 })],
    ['without an end', () => ({ exp: undefined })],
    ['without an id', () => ({ jti: undefined })],
    ['of another client', () => ({ iss: 'site-a', sub: 'site-a' })],
  ])('%s are refused', async (_what, change) => {
    const answer = await present(await assertion({ ...assertionClaims(), ...change() }));
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
  });

  test('for the token endpoint are accepted, except from a client that follows FAPI', async () => {
    const metadata = {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [publicKey] },
      fapi_profile: '2.0',
    };
    const fapi = await app(frontdesk, { id: 'fapi', kind: 'machine', metadata, apis: [{ audience }] });
    const aud = `${frontdesk.issuer}/oauth/token`;
    expect((await present(await assertion({ ...assertionClaims(), aud }))).status).toBe(200);
    const claims = { ...assertionClaims(), iss: fapi.id, sub: fapi.id };
    expect((await present(await assertion({ ...claims, aud }), { client_id: fapi.id })).status).toBe(401);
    const again = { ...claims, jti: randomText() };
    expect((await present(await assertion(again), { client_id: fapi.id })).status).toBe(200);
  });

  test('C04 work once', async () => {
    const token = await assertion(assertionClaims());
    expect((await present(token)).status).toBe(200);
    expect((await present(token)).status).toBe(401);
  });

  test('C04 work once even when their request was refused', async () => {
    const token = await assertion(assertionClaims());
    expect((await present(token, { resource: 'https://nowhere.example/' })).status).toBe(400);
    expect((await present(token)).status).toBe(401);
  });
});
