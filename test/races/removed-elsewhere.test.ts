/** A process that has not been told yet that a client was removed gives it nothing that lasts. */
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

let one: Frontdesk;
let two: Frontdesk;
/** The client as which the API introspects. */
let apiClient: RegisteredApp;

beforeAll(async () => {
  one = await startFrontdesk();
  two = await startFrontdesk({ sameDeploymentAs: one });
  await ann(one);
  apiClient = await app(one, { id: 'api', kind: 'machine' });
  const api = { audience, name: 'Opaque', scopes: {}, accessTokenLifetimeSeconds: 300, clientId: apiClient.id };
  await registerApi(one.db, { ...api, tokenFormat: 'opaque', jwtType: 'at+jwt' }, 'command-line');
  for (const table of ['clients', 'client_secrets', 'client_apis']) {
    await runSql(one.db, `alter table ${table} disable trigger tell_client`);
  }
});

/** Removes a client when process two has it in memory: it is not told. */
async function removeUnnoticed(client: RegisteredApp): Promise<void> {
  await eventually(async () => {
    await isKnownAtTwo(client);
    return two.db.cache.find('clients', client.id, async () => undefined);
  });
  await removeClient(one.db, client.id, 'command-line');
}

/** Whether process two takes the client for registered. */
const isKnownAtTwo = async (client: RegisteredApp) =>
  (await callAs(one, client, '/oauth/introspect', { token: 'none' }, two.port)).status === 200;

async function registered(id: string): Promise<RegisteredApp> {
  return app(one, { id, isFirstParty: true, apis: [{ audience }] });
}

test('neither a code nor a refresh token gives tokens', async () => {
  const client = await registered('app');
  const browser = newBrowser(one);
  const scope = 'openid offline_access';
  const { refresh_token: token } = await tokensFor(one, browser, client, { scope });
  const request = authorize(one, client, { scope });
  const code = await codeFor(browser, request);
  await removeUnnoticed(client);
  const exchanged = await exchange(one, client, { code, verifier: request.verifier }, two.port);
  const refreshed = await refresh(one, client, token!, two.port);
  expect(await isKnownAtTwo(client)).toBe(true);
  expect([exchanged.json()['error'], refreshed.json()['error']]).toEqual(['invalid_grant', 'invalid_grant']);
});

test('a token that is stored is worth nothing, also when the client id is registered again', async () => {
  const registration = { id: 'machine', kind: 'machine', apis: [{ audience }] } as const;
  const machine = await app(one, { ...registration, apis: [{ audience }] });
  await removeUnnoticed(machine);
  const form = { grant_type: 'client_credentials', resource: audience };
  const response = await callAs(one, machine, '/oauth/token', form, two.port);
  expect(await isKnownAtTwo(machine)).toBe(true);
  const token = response.json<{ access_token: string }>().access_token;
  const introspect = async () => (await callAs(one, apiClient, '/oauth/introspect', { token })).json();
  expect([response.status, await introspect()]).toEqual([200, { active: false }]);
  await app(one, { ...registration, apis: [{ audience }] });
  expect(await introspect()).toEqual({ active: false });
});

test('a code for it is worth nothing, also when the client id is registered again', async () => {
  const client = await registered('again');
  const browser = newBrowser(one, two.port);
  await codeFor(browser, authorize(one, client));
  await removeUnnoticed(client);
  const request = authorize(one, client);
  const { code } = responseParameters(await browser.visit(request.url));
  expect(await isKnownAtTwo(client)).toBe(true);
  const again = await registered('again');
  const response = await exchange(one, again, { code: code ?? '', verifier: request.verifier });
  expect([typeof code, response.json()['error']]).toEqual(['string', 'invalid_grant']);
});

test('an access token that it has ends with it', async () => {
  const client = await registered('ended');
  const { access_token: token } = await tokensFor(one, newBrowser(one), client);
  await removeUnnoticed(client);
  expect((await userinfo({ issuer: one.issuer }, token)).status).toBe(401);
});
