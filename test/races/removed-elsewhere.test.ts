/** Tests that a client which another process has removed gets no code or token that is accepted afterwards. */
import { registerApi } from '../../src/apis/register-api.ts';
import { removeClient } from '../../src/clients/remove-client.ts';
import { runSql } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import {
  authorize,
  callAs,
  codeFor,
  exchange,
  newBrowser,
  refresh,
  responseParameters,
  tokensFor,
  userinfo,
} from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { ann, app, type RegisteredApp } from '../support/people-and-apps.ts';

const audience = 'https://opaque.example/api';

let firstServer: Frontdesk;
let secondServer: Frontdesk;
/** The client that the API authenticates as at the introspection endpoint. */
let apiClient: RegisteredApp;

beforeAll(async () => {
  firstServer = await startFrontdesk();
  secondServer = await startFrontdesk({ sameDeploymentAs: firstServer });
  await ann(firstServer);
  apiClient = await app(firstServer, { id: 'api', kind: 'machine' });
  const api = { audience, name: 'Opaque', scopes: {}, accessTokenLifetimeSeconds: 300, clientId: apiClient.id };
  await registerApi(firstServer.db, { ...api, tokenFormat: 'opaque', jwtType: 'at+jwt' }, 'command-line');
  for (const table of ['clients', 'client_secrets', 'client_apis']) {
    await runSql(firstServer.db, `alter table ${table} disable trigger tell_client`);
  }
});

/** Removes a client at the first server. The second server has it in memory, and is not notified. */
async function removeUnnoticed(client: RegisteredApp): Promise<void> {
  await eventually(async () => {
    await isKnownAtSecond(client);
    return secondServer.db.cache.find('clients', client.id, async () => undefined);
  });
  await removeClient(firstServer.db, client.id, 'command-line');
}

/** Whether the second server still authenticates the client. */
const isKnownAtSecond = async (client: RegisteredApp) =>
  (await callAs(firstServer, client, '/oauth/introspect', { token: 'none' }, secondServer.port)).status === 200;

async function registered(id: string): Promise<RegisteredApp> {
  return app(firstServer, { id, isFirstParty: true, apis: [{ audience }] });
}

test('a removed client gets no tokens for a code or a refresh token', async () => {
  const client = await registered('app');
  const browser = newBrowser(firstServer);
  const scope = 'openid offline_access';
  const { refresh_token: token } = await tokensFor(firstServer, browser, client, { scope });
  const request = authorize(firstServer, client, { scope });
  const code = await codeFor(browser, request);
  await removeUnnoticed(client);
  const exchanged = await exchange(firstServer, client, { code, verifier: request.verifier }, secondServer.port);
  const refreshed = await refresh(firstServer, client, token!, secondServer.port);
  expect(await isKnownAtSecond(client)).toBe(true);
  expect([exchanged.json()['error'], refreshed.json()['error']]).toEqual(['invalid_grant', 'invalid_grant']);
});

test('an opaque token that is issued after the removal is inactive, also when the client id is registered again', async () => {
  const registration = { id: 'machine', kind: 'machine' } as const;
  const machine = await app(firstServer, { ...registration, apis: [{ audience }] });
  await removeUnnoticed(machine);
  const form = { grant_type: 'client_credentials', resource: audience };
  const response = await callAs(firstServer, machine, '/oauth/token', form, secondServer.port);
  expect(await isKnownAtSecond(machine)).toBe(true);
  const token = response.json<{ access_token: string }>().access_token;
  const introspect = async () => (await callAs(firstServer, apiClient, '/oauth/introspect', { token })).json();
  expect([response.status, await introspect()]).toEqual([200, { active: false }]);
  await app(firstServer, { ...registration, apis: [{ audience }] });
  expect(await introspect()).toEqual({ active: false });
});

test('a code that is issued after the removal is refused, also when the client id is registered again', async () => {
  const client = await registered('again');
  const browser = newBrowser(firstServer, secondServer.port);
  await codeFor(browser, authorize(firstServer, client));
  await removeUnnoticed(client);
  const request = authorize(firstServer, client);
  const { code } = responseParameters(await browser.visit(request.url));
  expect(await isKnownAtSecond(client)).toBe(true);
  const again = await registered('again');
  const response = await exchange(firstServer, again, { code: code ?? '', verifier: request.verifier });
  expect([typeof code, response.json()['error']]).toEqual(['string', 'invalid_grant']);
});

test('an access token that was issued before the removal is refused', async () => {
  const client = await registered('ended');
  const { access_token: token } = await tokensFor(firstServer, newBrowser(firstServer), client);
  await removeUnnoticed(client);
  expect((await userinfo({ issuer: firstServer.issuer }, token)).status).toBe(401);
});
