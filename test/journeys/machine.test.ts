/** Tests the client credentials grant, and APIs that verify access tokens without introspection. */
import { once } from 'node:events';
import { SignJWT, generateKeyPair } from 'jose';
import { registerApi } from '../../src/apis/register-api.ts';
import { removeClient } from '../../src/clients/remove-client.ts';
import { ann, app, audience } from '../support/people-and-apps.ts';
import { sendRequest } from '../support/browser.ts';
import { callAs, newBrowser, refresh, tokensFor, userinfo } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { runExample, startSites, type Sites } from '../support/sites.ts';

let frontdesk: Frontdesk;
let sites: Sites;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await ann(frontdesk);
  sites = await startSites(frontdesk);
});

const callApi = (api: string, token: string) => sendRequest(api, { headers: { authorization: `Bearer ${token}` } });

test('the example report gets a token by the client credentials grant, and both APIs accept it', async () => {
  const report = runExample('machine/report.ts', sites.machine);
  let printed = '';
  report.stdout!.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const [code] = (await once(report, 'close')) as [number];
  expect(code).toBe(0);
  expect(printed).toContain('Got a token for 300 seconds.');
  expect(printed.match(/answered 200/g)).toHaveLength(2);
  expect(printed).toContain("subject: 'report'");
});

test('C06 an API accepts access tokens with its audience and scope, and no other token', async () => {
  const siteB = { id: 'site-b', secret: undefined, redirectUri: `${sites.siteB}/callback` };
  const browser = newBrowser(frontdesk);
  const accepted = await tokensFor(frontdesk, browser, siteB, { scope: 'openid notes:read', resource: audience });
  for (const api of sites.apis)
    expect((await callApi(api, accepted.access_token)).json()).toMatchObject({ client: 'site-b' });

  const forUserinfo = await tokensFor(frontdesk, browser, siteB, { scope: 'openid' });
  const withoutScope = await tokensFor(frontdesk, browser, siteB, { scope: 'openid notes:write', resource: audience });
  const { privateKey } = await generateKeyPair('ES256');
  const claims = { scope: 'notes:read', client_id: 'site-b' };
  const forged = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' })
    .setIssuer(frontdesk.issuer)
    .setAudience(audience)
    .setExpirationTime('5m')
    .sign(privateKey);
  const refused = {
    'an ID token': accepted.id_token!,
    'a refresh token': accepted.refresh_token!,
    'a token for userinfo': forUserinfo.access_token,
    'a forged token': forged,
    'no token': '',
    'a truncated token': accepted.access_token.slice(0, -10),
  };
  for (const [name, token] of Object.entries(refused)) {
    const response = await callApi(sites.apis[0]!, token);
    expect([name, response.status]).toEqual([name, 401]);
    expect(response.headers['www-authenticate']).toContain('Bearer error=');
  }
  expect((await callApi(sites.apis[0]!, withoutScope.access_token)).status).toBe(403);
});

test('CORS allows only pages of site B to call the APIs', async () => {
  const preflight = await sendRequest(sites.apis[0]!, {
    method: 'OPTIONS',
    headers: { origin: 'https://evil.example' },
  });
  expect(preflight.headers['access-control-allow-origin']).toBe(sites.siteB);
});

test('E05 tokens of a removed app stay revoked when its client id is registered again', async () => {
  const removed = await app(frontdesk, { id: 'reused' });
  const tokens = await tokensFor(frontdesk, newBrowser(frontdesk), removed);
  await removeClient(frontdesk.db, 'reused', 'command-line');
  expect((await refresh(frontdesk, removed, tokens.refresh_token!)).status).toBe(401);
  const registeredAgain = await app(frontdesk, { id: 'reused' });
  expect((await refresh(frontdesk, registeredAgain, tokens.refresh_token!)).status).toBe(400);
  expect((await userinfo(frontdesk, tokens.access_token)).status).toBe(401);
});

test('E05 client credentials tokens of a removed app stay revoked when its client id is registered again', async () => {
  const opaqueAudience = 'https://opaque.example/api';
  const api = { name: 'Opaque', scopes: {}, accessTokenLifetimeSeconds: 300, clientId: undefined };
  await registerApi(
    frontdesk.db,
    { audience: opaqueAudience, tokenFormat: 'opaque', jwtType: 'at+jwt', ...api },
    'command-line',
  );
  const credentials = { grant_type: 'client_credentials' };
  const registration = { id: 'short-lived', kind: 'machine', apis: [{ audience: opaqueAudience }] } as const;
  const before = await app(frontdesk, { ...registration, apis: [...registration.apis] });
  const { access_token: token } = (await callAs(frontdesk, before, '/oauth/token', credentials)).json<
    Record<string, string>
  >();
  const isActive = async (as: typeof before) =>
    (await callAs(frontdesk, as, '/oauth/introspect', { token: token! })).json()['active'];
  expect(await isActive(before)).toBe(true);
  await removeClient(frontdesk.db, 'short-lived', 'command-line');
  expect(await isActive(await app(frontdesk, { ...registration, apis: [...registration.apis] }))).toBe(false);
});
