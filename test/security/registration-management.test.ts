/** Requirement of README.md beside this file: E05. Tests that an app reads, changes and removes its own registration, with its management token (RFC 7592). */
import { ann } from '../support/people-and-apps.ts';
import { runSql } from '../support/database.ts';
import { authorize, codeFor, exchange, newBrowser, refresh, userinfo, type Tokens } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import {
  asApp,
  metadata,
  registered,
  registrationToken,
  send,
  withRegistration,
  type Registered,
} from '../support/registration.ts';

let frontdesk: Frontdesk;

beforeAll(async () => {
  frontdesk = await startFrontdesk({ settings: withRegistration });
  await ann(frontdesk);
});

describe('E05 an app that registered itself', () => {
  test('reads, changes and removes its registration only with its management token', async () => {
    const [client, otherClient] = [await registered(frontdesk), await registered(frontdesk)];
    const body = { ...metadata({ client_name: 'Another name' }), client_id: client.client_id };
    for (const method of ['GET', 'PUT', 'DELETE']) {
      for (const token of [
        undefined,
        otherClient.registration_access_token,
        client.client_secret,
        await registrationToken(frontdesk),
      ]) {
        const response = await send(client.registration_client_uri, method, token, method === 'PUT' ? body : undefined);
        expect([method, response.status]).toEqual([method, 401]);
      }
    }
    const read = await send(client.registration_client_uri, 'GET', client.registration_access_token);
    const { client_secret: _, client_secret_expires_at: __, ...managedMetadata } = client;
    expect([read.status, read.json()]).toEqual([200, managedMetadata]);
    const changed = await send(client.registration_client_uri, 'PUT', client.registration_access_token, body);
    expect(changed.json()).toMatchObject({ client_name: 'Another name', client_id: client.client_id });
    expect((await send(client.registration_client_uri, 'GET', client.registration_access_token)).json()).toEqual(
      changed.json(),
    );
  });

  test('cannot change its registration to one that would be refused, and a refused change changes nothing', async () => {
    const client = await registered(frontdesk);
    const change = (more: object) =>
      send(client.registration_client_uri, 'PUT', client.registration_access_token, {
        client_id: client.client_id,
        ...metadata(more),
      });
    for (const [more, error] of [
      [{ redirect_uris: ['http://rp.example/'] }, 'invalid_redirect_uri'],
      [{ grant_types: ['client_credentials'] }, 'invalid_client_metadata'],
      [{ logo_uri: 'https://elsewhere.example/' }, 'invalid_client_metadata'],
      [{ client_id: 'site-a' }, 'invalid_client_metadata'],
    ] as const) {
      const response = await change(more);
      expect([response.status, response.json()['error']]).toEqual([400, error]);
    }
    const { client_secret: _, client_secret_expires_at: __, ...managedMetadata } = client;
    expect((await send(client.registration_client_uri, 'GET', client.registration_access_token)).json()).toEqual(
      managedMetadata,
    );
    expect((await change({ first_party: true, apis: [{ audience: 'x', scopes: [] }] })).status).toBe(200);
    const rows = await runSql(frontdesk.db, 'select is_first_party, metadata from clients where id = $1', [
      client.client_id,
    ]);
    expect(rows[0]).toMatchObject({ is_first_party: false });
    expect(rows[0]!['metadata']).not.toHaveProperty('apis');
  });

  test('gets a secret when its authentication method needs one, and loses it otherwise', async () => {
    const client = await registered(frontdesk, { token_endpoint_auth_method: 'none' });
    expect(client.client_secret).toBeUndefined();
    const change = async (more: object) => {
      const body = { client_id: client.client_id, ...metadata(more) };
      const response = await send(client.registration_client_uri, 'PUT', client.registration_access_token, body);
      return response.json<Registered>().client_secret;
    };
    expect(await change({})).toMatch(/^fd_client_/);
    expect(await change({ token_endpoint_auth_method: 'client_secret_post' })).toBeUndefined();
    expect(await change({ token_endpoint_auth_method: 'none' })).toBeUndefined();
    const rows = await runSql(frontdesk.db, 'select secret_hashes, kind from clients where id = $1', [
      client.client_id,
    ]);
    expect(rows).toEqual([{ secret_hashes: [], kind: 'single-page' }]);
  });

  test('loses all tokens when it removes its registration', async () => {
    const client = await registered(frontdesk, { grant_types: ['authorization_code', 'refresh_token'] });
    const app = asApp(client);
    const browser = newBrowser(frontdesk);
    const request = authorize(frontdesk, app);
    const code = await codeFor(browser, request);
    const tokens = (await exchange(frontdesk, app, { code, verifier: request.verifier })).json<Tokens>();
    const next = authorize(frontdesk, app);
    const unused = await codeFor(browser, next);
    expect((await userinfo(frontdesk, tokens.access_token)).status).toBe(200);

    const removed = await send(client.registration_client_uri, 'DELETE', client.registration_access_token);
    expect([removed.status, removed.body]).toEqual([204, '']);
    expect((await userinfo(frontdesk, tokens.access_token)).status).toBe(401);
    expect((await refresh(frontdesk, app, tokens.refresh_token!)).status).toBe(401);
    expect((await exchange(frontdesk, app, { code: unused, verifier: next.verifier })).status).toBe(401);
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const response = await send(client.registration_client_uri, method, client.registration_access_token);
      expect(response.status).toBe(401);
    }
  });
});
