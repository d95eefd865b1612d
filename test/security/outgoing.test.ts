/** Requirements of README.md beside this file: C07, C09. Keys at addresses that clients name are fetched under guard, and seldom. */
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { app, audience, notesApi, type RegisteredApp } from '../support/people-and-apps.ts';
import { callAs, randomText } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { listen } from '../support/listen.ts';

let frontdesk: Frontdesk;
let port: number;
let visits: string[];
let answerWith: (path: string) => { status: number; body: string };
let key: CryptoKey;
let jwk: JWK;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await notesApi(frontdesk);
  const pair = await generateKeyPair('RS256');
  key = pair.privateKey;
  jwk = { ...(await exportJWK(pair.publicKey)), kid: 'mine', alg: 'RS256' };
  const server = createServer((request, response) => {
    visits.push(request.url!);
    const { status, body } = answerWith(request.url!);
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  port = await listen(server);
});
beforeEach(() => {
  visits = [];
  answerWith = () => ({ status: 200, body: JSON.stringify({ keys: [jwk] }) });
});

let count = 0;
/** A client with private_key_jwt and a jwks_uri. */
function machine(jwksUri: string): Promise<RegisteredApp> {
  const metadata = { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: jwksUri };
  return app(frontdesk, { id: `machine-${(count += 1)}`, kind: 'machine', apis: [{ audience }], metadata });
}

async function present(client: RegisteredApp, kid = 'mine') {
  const assertion = await new SignJWT({ jti: randomText() })
    .setProtectedHeader({ alg: 'RS256', kid })
    .setIssuer(client.id)
    .setSubject(client.id)
    .setAudience(frontdesk.issuer)
    .setIssuedAt()
    .setExpirationTime('1m')
    .sign(key);
  const { status } = await callAs(frontdesk, client, '/oauth/token', {
    grant_type: 'client_credentials',
    resource: audience,
    client_assertion: assertion,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  });
  return status;
}

test('keys at an allowed address are fetched once', async () => {
  const client = await machine(`http://keys.localhost:${port}/good`);
  for (let round = 0; round < 3; round += 1) expect(await present(client)).toBe(200);
  expect(visits).toEqual(['/good']);
});

test('C09 unknown key ids cause one request a minute, however many come', async () => {
  const client = await machine(`http://keys.localhost:${port}/unknown`);
  const statuses = await Promise.all(Array.from({ length: 20 }, (_, index) => present(client, `k${index}`)));
  expect(new Set(statuses)).toEqual(new Set([401]));
  expect(visits).toEqual(['/unknown']);
});

test('C09 an address that fails is not called again either', async () => {
  answerWith = () => ({ status: 500, body: '' });
  const client = await machine(`http://keys.localhost:${port}/broken`);
  for (let round = 0; round < 5; round += 1) expect(await present(client)).toBe(401);
  expect(visits).toEqual(['/broken']);
});

test.each([
  ['this machine', () => `http://127.0.0.1:${port}/`],
  ['this machine by its name', () => `http://localhost:${port}/`],
  ['this machine in other words', () => `http://[::ffff:127.0.0.1]:${port}/`],
  ['an address inside', () => 'https://10.0.0.1/'],
  ['the address of the cloud', () => 'https://169.254.169.254/latest/meta-data'],
])('C07 keys at %s are not fetched', async (_where, uri) => {
  expect(await present(await machine(uri()))).toBe(401);
  expect(visits).toEqual([]);
});

test('C07 a key set that is too large is not read', async () => {
  answerWith = () => ({ status: 200, body: JSON.stringify({ keys: [jwk], more: 'x'.repeat(70_000) }) });
  expect(await present(await machine(`http://keys.localhost:${port}/large`))).toBe(401);
});
