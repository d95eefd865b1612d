/** Client credentials, and APIs that verify access tokens by themselves. */
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

const call = (api: string, token: string) => sendRequest(api, { headers: { authorization: `Bearer ${token}` } });

test('the report gets a token by client credentials, and both APIs accept it', async () => {
  const report = runExample('machine/report.ts', sites.machine);
  let printed = '';
  report.stdout!.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const [code] = (await once(report, 'close')) as [number];
  expect(code).toBe(0);
  expect(printed).toContain('Got a token for 300 seconds.');
  expect(printed.match(/answered 200/g)).toHaveLength(2);
  expect(printed).toContain("subject: 'report'");
});

test('C06 an API accepts access tokens for it, and nothing else', async () => {
  const siteB = { id: 'site-b', secret: undefined, redirectUri: `${sites.siteB}/callback` };
  const browser = newBrowser(frontdesk);
  const pass = await tokensFor(frontdesk, browser, siteB, { scope: 'openid notes:read', resource: audience });
  for (const api of sites.apis) expect((await call(api, pass.access_token)).json()).toMatchObject({ client: 'site-b' });

  const other = await tokensFor(frontdesk, browser, siteB, { scope: 'openid' });
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
    'an ID token': pass.id_token!,
    'a refresh token': pass.refresh_token!,
    'a token for userinfo': other.access_token,
    'a forged token': forged,
    'no token': '',
    'half a token': pass.access_token.slice(0, -10),
  };
  for (const [what, token] of Object.entries(refused)) {
    const response = await call(sites.apis[0]!, token);
    expect([what, response.status]).toEqual([what, 401]);
    expect(response.headers['www-authenticate']).toContain('Bearer error=');
  }
  expect((await call(sites.apis[0]!, withoutScope.access_token)).status).toBe(403);
});

test('the APIs answer the pages of site B only', async () => {
  const preflight = await sendRequest(sites.apis[0]!, {
    method: 'OPTIONS',
    headers: { origin: 'https://evil.example' },
  });
  expect(preflight.headers['access-control-allow-origin']).toBe(sites.siteB);
});

test('E05 tokens of a removed app are revoked, also when its client id is registered again', async () => {
  const passing = await app(frontdesk, { id: 'passing' });
  const tokens = await tokensFor(frontdesk, newBrowser(frontdesk), passing);
  await removeClient(frontdesk.db, 'passing', 'command-line');
  expect((await refresh(frontdesk, passing, tokens.refresh_token!)).status).toBe(401);
  const again = await app(frontdesk, { id: 'passing' });
  expect((await refresh(frontdesk, again, tokens.refresh_token!)).status).toBe(400);
  expect((await userinfo(frontdesk, tokens.access_token)).status).toBe(401);
});

test('E05 client credentials tokens of a removed app are revoked, also when its client id is registered again', async () => {
  const opaque = 'https://opaque.example/api';
  const api = { name: 'Opaque', scopes: {}, accessTokenLifetimeSeconds: 300, clientId: undefined };
  await registerApi(
    frontdesk.db,
    { audience: opaque, tokenFormat: 'opaque', jwtType: 'at+jwt', ...api },
    'command-line',
  );
  const credentials = { grant_type: 'client_credentials' };
  const registration = { id: 'short-lived', kind: 'machine', apis: [{ audience: opaque }] } as const;
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
