/** Requirement of README.md beside this file: B17. Who may ask about a token, and who may revoke it. */
import { registerApi } from '../../src/apis/register-api.ts';
import { ann, app, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { callAs, newBrowser, refresh, tokensFor, userinfo, type Tokens } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';

let frontdesk: Frontdesk;
let one: RegisteredApp;
let two: RegisteredApp;
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
  one = await siteA(frontdesk, { apis: [{ audience }] });
  two = await app(frontdesk, { id: 'two', isFirstParty: true });
});

const introspect = async (as: RegisteredApp, token: string) =>
  (await callAs(frontdesk, as, '/oauth/introspect', { token })).json();
const revoke = (as: RegisteredApp, token: string) => callAs(frontdesk, as, '/oauth/revoke', { token });
const tokens = () => tokensFor(frontdesk, newBrowser(frontdesk), one);

test('B17 a client introspects its own tokens, and no others', async () => {
  const mine = await tokens();
  for (const token of [mine.access_token, mine.refresh_token!]) {
    expect(await introspect(one, token)).toMatchObject({ active: true, client_id: 'site-a', sub: expect.any(String) });
    expect(await introspect(two, token)).toEqual({ active: false });
    expect(await introspect(api, token)).toEqual({ active: false });
  }
  expect(await introspect(one, 'nonsense')).toEqual({ active: false });
});

test('B17 an API introspects opaque tokens for it, and no others', async () => {
  const forApi = await tokensFor(frontdesk, newBrowser(frontdesk), one, { scope: 'openid read', resource: audience });
  expect(forApi.access_token).not.toContain('.');
  expect(await introspect(api, forApi.access_token)).toMatchObject({
    active: true,
    aud: audience,
    scope: 'read',
    client_id: 'site-a',
  });
  expect(await introspect(two, forApi.access_token)).toEqual({ active: false });
  expect(await introspect(api, forApi.refresh_token!)).toEqual({ active: false });
  expect((await userinfo(frontdesk, forApi.access_token)).status).toBe(403);
  await revoke(one, forApi.refresh_token!);
  expect(await introspect(api, forApi.access_token)).toEqual({ active: false });
});

test('B17 a client revokes its own tokens, with their grant', async () => {
  const mine = await tokens();
  expect((await revoke(two, mine.refresh_token!)).status).toBe(200);
  expect((await revoke(two, mine.access_token)).status).toBe(200);
  const next = (await refresh(frontdesk, one, mine.refresh_token!)).json<Tokens>();
  expect((await userinfo(frontdesk, next.access_token)).status).toBe(200);
  expect((await revoke(one, next.refresh_token!)).status).toBe(200);
  expect((await refresh(frontdesk, one, next.refresh_token!)).status).toBe(400);
  expect((await userinfo(frontdesk, next.access_token)).status).toBe(401);
  expect((await revoke(one, 'nonsense')).status).toBe(200);
});

test('B17 introspection and revocation need client authentication', async () => {
  const mine = await tokens();
  const nobody = { ...one, secret: undefined };
  for (const path of ['/oauth/introspect', '/oauth/revoke']) {
    expect((await callAs(frontdesk, nobody, path, { token: mine.access_token })).status).toBe(401);
    expect((await callAs(frontdesk, { ...one, secret: 'wrong' }, path, { token: mine.access_token })).status).toBe(401);
  }
  expect(await introspect(one, mine.access_token)).toMatchObject({ active: true });
});

test('B17 a used refresh token is not active any more, also within its grace', async () => {
  const mine = await tokens();
  await refresh(frontdesk, one, mine.refresh_token!);
  expect(await introspect(one, mine.refresh_token!)).toEqual({ active: false });
});
