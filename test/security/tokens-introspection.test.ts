/** Requirement of README.md beside this file: B17. Tests which clients may introspect and revoke a token. */
import { registerApi } from '../../src/apis/register-api.ts';
import { ann, app, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { callAs, newBrowser, refresh, tokensFor, userinfo, type Tokens } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';

let frontdesk: Frontdesk;
let appA: RegisteredApp;
let appB: RegisteredApp;
let api: RegisteredApp;
const audience = 'https://ledger.example/';

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await ann(frontdesk);
  api = await app(frontdesk, { id: 'ledger', kind: 'machine' });
  await registerApi(
    frontdesk.db,
    {
      audience,
      name: 'Ledger',
      scopes: { read: 'Read your ledger' },
      accessTokenLifetimeSeconds: 300,
      tokenFormat: 'opaque',
      jwtType: 'at+jwt',
      clientId: 'ledger',
    },
    'command-line',
  );
  appA = await siteA(frontdesk, { apis: [{ audience }] });
  appB = await app(frontdesk, { id: 'other-app', isFirstParty: true });
});

const introspect = async (as: RegisteredApp, token: string) =>
  (await callAs(frontdesk, as, '/oauth/introspect', { token })).json();
const revoke = (as: RegisteredApp, token: string) => callAs(frontdesk, as, '/oauth/revoke', { token });
const signedIn = () => tokensFor(frontdesk, newBrowser(frontdesk), appA);

test('B17 a client can introspect only its own tokens', async () => {
  const ownTokens = await signedIn();
  for (const token of [ownTokens.access_token, ownTokens.refresh_token!]) {
    expect(await introspect(appA, token)).toMatchObject({ active: true, client_id: 'site-a', sub: expect.any(String) });
    expect(await introspect(appB, token)).toEqual({ active: false });
    expect(await introspect(api, token)).toEqual({ active: false });
  }
  expect(await introspect(appA, 'nonsense')).toEqual({ active: false });
});

test('B17 an API can introspect only opaque access tokens for itself', async () => {
  const apiTokens = await tokensFor(frontdesk, newBrowser(frontdesk), appA, {
    scope: 'openid read',
    resource: audience,
  });
  expect(apiTokens.access_token).not.toContain('.');
  expect(await introspect(api, apiTokens.access_token)).toMatchObject({
    active: true,
    aud: audience,
    scope: 'read',
    client_id: 'site-a',
  });
  expect(await introspect(appB, apiTokens.access_token)).toEqual({ active: false });
  expect(await introspect(api, apiTokens.refresh_token!)).toEqual({ active: false });
  expect((await userinfo(frontdesk, apiTokens.access_token)).status).toBe(403);
  await revoke(appA, apiTokens.refresh_token!);
  expect(await introspect(api, apiTokens.access_token)).toEqual({ active: false });
});

test('B17 a client can revoke only its own tokens, together with their grant', async () => {
  const ownTokens = await signedIn();
  expect((await revoke(appB, ownTokens.refresh_token!)).status).toBe(200);
  expect((await revoke(appB, ownTokens.access_token)).status).toBe(200);
  const renewed = (await refresh(frontdesk, appA, ownTokens.refresh_token!)).json<Tokens>();
  expect((await userinfo(frontdesk, renewed.access_token)).status).toBe(200);
  expect((await revoke(appA, renewed.refresh_token!)).status).toBe(200);
  expect((await refresh(frontdesk, appA, renewed.refresh_token!)).status).toBe(400);
  expect((await userinfo(frontdesk, renewed.access_token)).status).toBe(401);
  expect((await revoke(appA, 'nonsense')).status).toBe(200);
});

test('B17 introspection and revocation need client authentication', async () => {
  const ownTokens = await signedIn();
  const clientWithoutSecret = { ...appA, secret: undefined };
  for (const path of ['/oauth/introspect', '/oauth/revoke']) {
    expect((await callAs(frontdesk, clientWithoutSecret, path, { token: ownTokens.access_token })).status).toBe(401);
    expect(
      (await callAs(frontdesk, { ...appA, secret: 'wrong' }, path, { token: ownTokens.access_token })).status,
    ).toBe(401);
  }
  expect(await introspect(appA, ownTokens.access_token)).toMatchObject({ active: true });
});

test('B17 a used refresh token is inactive, also within its grace period', async () => {
  const ownTokens = await signedIn();
  await refresh(frontdesk, appA, ownTokens.refresh_token!);
  expect(await introspect(appA, ownTokens.refresh_token!)).toEqual({ active: false });
});
