/** Requirements of README.md beside this file: C07, C09. Tests that key sets of clients are fetched from allowed addresses only, and rarely. */
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { app, audience, notesApi, type RegisteredApp } from '../support/people-and-apps.ts';
import { callAs, randomText } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { listen } from '../support/listen.ts';

let frontdesk: Frontdesk;
let port: number;
let requestedPaths: string[];
let respond: (path: string) => { status: number; body: string };
let key: CryptoKey;
let jwk: JWK;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await notesApi(frontdesk);
  const pair = await generateKeyPair('RS256');
  key = pair.privateKey;
  jwk = { ...(await exportJWK(pair.publicKey)), kid: 'mine', alg: 'RS256' };
  const server = createServer((request, response) => {
    requestedPaths.push(request.url!);
    const { status, body } = respond(request.url!);
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  port = await listen(server);
});
beforeEach(() => {
  requestedPaths = [];
  respond = () => ({ status: 200, body: JSON.stringify({ keys: [jwk] }) });
});

let machineCount = 0;
/** Registers a client with private_key_jwt and a jwks_uri. */
function machine(jwksUri: string): Promise<RegisteredApp> {
  const metadata = { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: jwksUri };
  return app(frontdesk, { id: `machine-${(machineCount += 1)}`, kind: 'machine', apis: [{ audience }], metadata });
}

async function authenticateWithKey(client: RegisteredApp, kid = 'mine') {
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

test('a key set at an allowed address is fetched once', async () => {
  const client = await machine(`http://keys.localhost:${port}/good`);
  for (let round = 0; round < 3; round += 1) expect(await authenticateWithKey(client)).toBe(200);
  expect(requestedPaths).toEqual(['/good']);
});

test('C09 any number of unknown key ids causes one request a minute', async () => {
  const client = await machine(`http://keys.localhost:${port}/unknown`);
  const statuses = await Promise.all(
    Array.from({ length: 20 }, (_, index) => authenticateWithKey(client, `k${index}`)),
  );
  expect(new Set(statuses)).toEqual(new Set([401]));
  expect(requestedPaths).toEqual(['/unknown']);
});

test('C09 a failing address is called only once a minute', async () => {
  respond = () => ({ status: 500, body: '' });
  const client = await machine(`http://keys.localhost:${port}/broken`);
  for (let round = 0; round < 5; round += 1) expect(await authenticateWithKey(client)).toBe(401);
  expect(requestedPaths).toEqual(['/broken']);
});

test.each([
  ['this machine', () => `http://127.0.0.1:${port}/`],
  ['this machine by its name', () => `http://localhost:${port}/`],
  ['this machine by an IPv4-mapped address', () => `http://[::ffff:127.0.0.1]:${port}/`],
  ['a private address', () => 'https://10.0.0.1/'],
  ['the address of cloud metadata', () => 'https://169.254.169.254/latest/meta-data'],
])('C07 keys at %s are not fetched', async (_where, uri) => {
  expect(await authenticateWithKey(await machine(uri()))).toBe(401);
  expect(requestedPaths).toEqual([]);
});

test('C07 a key set that is too large is not used', async () => {
  respond = () => ({ status: 200, body: JSON.stringify({ keys: [jwk], more: 'x'.repeat(70_000) }) });
  expect(await authenticateWithKey(await machine(`http://keys.localhost:${port}/large`))).toBe(401);
});
