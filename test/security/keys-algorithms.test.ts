/** Requirements of README.md beside this file: C01 to C05. Tests that forged tokens, malformed key ids and invalid client assertions are refused. */
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
let signedInBrowser: Browser;
let tokens: Tokens;
let key: CryptoKey;
let publicKey: JWK;

/** Counts requests to the key URL that forged tokens name. */
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
  signedInBrowser = newBrowser(frontdesk);
  tokens = await tokensFor(frontdesk, signedInBrowser, appA);
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

/** Tokens without a valid signature, by the kind of forgery. */
async function forgeries(claims: () => object): Promise<Record<string, string>> {
  const serverKey = (await sendRequest(`${frontdesk.issuer}/oauth/jwks`))
    .json<{ keys: JWK[] }>()
    .keys.find(({ alg }) => alg === 'RS256');
  const signed = (header: Partial<JWTHeaderParameters>) =>
    new SignJWT(claims() as never).setProtectedHeader({ alg: 'RS256', ...header }).sign(key);
  const unsigned = (alg: string) => `${encode({ alg })}.${encode(claims())}.`;
  const hmacInput = `${encode({ alg: 'HS256', kid: serverKey!.kid })}.${encode(claims())}`;
  const attackerKey = await generateKeyPair('RS256', { extractable: true });
  const attackerPublicKey = await exportJWK(attackerKey.publicKey);
  const signedByAttacker = (header: object) =>
    new SignJWT(claims() as never).setProtectedHeader({ alg: 'RS256', ...header }).sign(attackerKey.privateKey);
  const validToken = await signed({ kid: 'mine' });
  return {
    'alg none': unsigned('none'),
    'alg None': unsigned('None'),
    'alg NONE': unsigned('NONE'),
    'no signature': validToken.replace(/[^.]+$/, ''),
    'HS256 keyed with the public key': `${hmacInput}.${createHmac('sha256', serverKey!.n!).update(hmacInput).digest('base64url')}`,
    'an unknown critical extension': await signedByAttacker({ validToken: ['x'], x: 1, b64: true }).catch(
      () => `${encode({ alg: 'RS256', validToken: ['x'], x: 1 })}.${validToken.split('.').slice(1).join('.')}`,
    ),
    'its own key in the header': await signedByAttacker({ jwk: attackerPublicKey }),
    'a URL of its key': await signedByAttacker({ jku: canaryUrl, kid: 'mine' }),
    'a URL of its certificate': await signedByAttacker({ x5u: canaryUrl }),
    'a signature with another key': await signedByAttacker({ kid: serverKey!.kid }),
    'changed claims': `${validToken.split('.')[0]}.${encode({ ...claims(), sub: 'ben' })}.${validToken.split('.')[2]}`,
  };
}

test('C01 forged ID token hints are refused, and no key is fetched', async () => {
  for (const [how, token] of Object.entries(await forgeries(() => claimsOf(tokens.id_token!)))) {
    const response = await signedInBrowser.send(authorize(frontdesk, appA, { id_token_hint: token }).url);
    expect([how, responseParameters(response)['error']]).toEqual([how, 'invalid_request']);
    const logoutResponse = await signedInBrowser.send(`${frontdesk.issuer}/oauth/logout?id_token_hint=${token}`);
    expect([how, logoutResponse.status]).toEqual([how, 400]);
  }
  expect(visits).toBe(0);
});

const authenticateWith = (assertion: string, more: Record<string, string> = {}) =>
  callAs(frontdesk, { ...machine, secret: undefined }, '/oauth/token', {
    grant_type: 'client_credentials',
    ...more,
    client_assertion: assertion,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  });
const assertion = (claims: object, header: object = {}) =>
  new SignJWT(claims as never).setProtectedHeader({ alg: 'RS256', kid: 'mine', ...header }).sign(key);

test('C01 forged client assertions are refused, and no key is fetched', async () => {
  expect((await authenticateWith(await assertion(assertionClaims()))).status).toBe(200);
  for (const [how, token] of Object.entries(await forgeries(assertionClaims))) {
    // An assertion whose `sub` differs from its `iss` gets status 400.
    expect([how, (await authenticateWith(token)).status]).toEqual([how, how === 'changed claims' ? 400 : 401]);
  }
  expect(visits).toBe(0);
});

test('C02 malformed key ids are refused and cause no server error', async () => {
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
    const status = (await authenticateWith(await assertion(assertionClaims(), { kid }))).status;
    expect([kid, status]).toEqual([kid, 401]);
    const hint = `${encode({ alg: 'RS256', kid })}.${tokens.id_token!.split('.').slice(1).join('.')}`;
    const response = await signedInBrowser.send(authorize(frontdesk, appA, { id_token_hint: hint }).url);
    expect([kid, responseParameters(response)['error']]).toEqual([kid, 'invalid_request']);
  }
  for (const kid of [1, null, [], {}] as never[]) {
    const token = `${encode({ alg: 'RS256', kid })}.${encode(assertionClaims())}.x`;
    expect((await authenticateWith(token)).status).toBeLessThan(500);
  }
});

describe('C03 and C05 client assertions', () => {
  test.each([
    ['for another endpoint of Frontdesk', () => ({ aud: `${frontdesk.issuer}/oauth/introspect` })],
    ['issued in the future', () => ({ iat: Math.floor(Date.now() / 1000) + 60 })],
    ['for Frontdesk and another server', () => ({ aud: [frontdesk.issuer, 'https://other.example'] })],
    ['for another server', () => ({ aud: 'https://other.example' })],
    ['valid for ten minutes', () => ({ exp: Math.floor(Date.now() / 1000) + 600 })],
    ['that have expired', () => ({ exp: Math.floor(Date.now() / 1000) - 60 })],
    ['without an expiry', () => ({ exp: undefined })],
    ['without a jti', () => ({ jti: undefined })],
    ['of another client', () => ({ iss: 'site-a', sub: 'site-a' })],
  ])('%s are refused', async (_what, change) => {
    const response = await authenticateWith(await assertion({ ...assertionClaims(), ...change() }));
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
  });

  test('that name the token endpoint as audience are accepted, except from a client with a FAPI profile', async () => {
    const metadata = {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [publicKey] },
      fapi_profile: '2.0',
    };
    const fapi = await app(frontdesk, { id: 'fapi', kind: 'machine', metadata, apis: [{ audience }] });
    const aud = `${frontdesk.issuer}/oauth/token`;
    expect((await authenticateWith(await assertion({ ...assertionClaims(), aud }))).status).toBe(200);
    const claims = { ...assertionClaims(), iss: fapi.id, sub: fapi.id };
    expect((await authenticateWith(await assertion({ ...claims, aud }), { client_id: fapi.id })).status).toBe(401);
    const secondClaims = { ...claims, jti: randomText() };
    expect((await authenticateWith(await assertion(secondClaims), { client_id: fapi.id })).status).toBe(200);
  });

  test('C04 are accepted once', async () => {
    const token = await assertion(assertionClaims());
    expect((await authenticateWith(token)).status).toBe(200);
    expect((await authenticateWith(token)).status).toBe(401);
  });

  test('C04 are not accepted again after a refused request', async () => {
    const token = await assertion(assertionClaims());
    expect((await authenticateWith(token, { resource: 'https://nowhere.example/' })).status).toBe(400);
    expect((await authenticateWith(token)).status).toBe(401);
  });
});
