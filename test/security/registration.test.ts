/** Requirements of README.md beside this file: E03, E05 to E07, F03, F07. Tests which registrations of apps are accepted, and what an app gets (RFC 7591). */
import { listRegistrationTokens } from '../../src/clients/registration-token-repository.ts';
import { sendRequest } from '../support/browser.ts';
import { runSql } from '../support/database.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import {
  callback,
  metadata,
  register,
  registered,
  registrationToken,
  send,
  withRegistration,
} from '../support/registration.ts';

let frontdesk: Frontdesk;

beforeAll(async () => {
  frontdesk = await startFrontdesk({ settings: withRegistration });
});

const clientCount = async () => {
  const [row] = await runSql<{ count: number }>(frontdesk.db, 'select count(*)::int as count from clients');
  return row!.count;
};

describe('F07 when registration is disabled', () => {
  test('there is no registration endpoint, and the discovery document names none', async () => {
    const withoutRegistration = await startFrontdesk();
    const { issuer } = withoutRegistration;
    const token = await registrationToken(withoutRegistration);
    const client = await registered(frontdesk);
    expect((await register(withoutRegistration, token, metadata())).status).toBe(404);
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const url = `${issuer}/oauth/register/${client.client_id}`;
      expect((await send(url, method, client.registration_access_token)).status).toBe(404);
    }
    const discovery = await send(`${issuer}/.well-known/openid-configuration`, 'GET', undefined);
    expect(discovery.json()).not.toHaveProperty('registration_endpoint');
    await withoutRegistration.close();
  });

  test('the discovery document of a server with registration names the endpoint', async () => {
    const discovery = await send(`${frontdesk.issuer}/.well-known/openid-configuration`, 'GET', undefined);
    expect(discovery.json()['registration_endpoint']).toBe(`${frontdesk.issuer}/oauth/register`);
  });
});

describe('E05 an app that wants to register', () => {
  test.each([
    ['no token', async () => undefined],
    ['a made-up token', async () => `fd_registration_${'x'.repeat(43)}`],
    ['the token of a client', async () => (await registered(frontdesk)).registration_access_token],
    ['a token that has expired', () => registrationToken(frontdesk, 5, -1)],
  ])('with %s is refused', async (_, token) => {
    const bearer = await token();
    const before = await clientCount();
    // The token is checked before the metadata.
    expect((await register(frontdesk, bearer, metadata({ redirect_uris: [] }))).status).toBe(401);
    const response = await register(frontdesk, bearer, metadata());
    expect(response.status).toBe(401);
    expect(response.json()['error']).toBe('invalid_token');
    expect(response.headers['www-authenticate']).toMatch(/^Bearer realm="/);
    expect(await clientCount()).toBe(before);
  });

  test('uses up its registration token only by succeeding, and concurrent registrations do not exceed its uses', async () => {
    const token = await registrationToken(frontdesk, 3);
    expect((await register(frontdesk, token, metadata({ redirect_uris: [] }))).status).toBe(400);
    const responses = await Promise.all(Array.from({ length: 20 }, () => register(frontdesk, token, metadata())));
    const statuses = responses.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(3);
    expect(statuses.filter((status) => status === 401)).toHaveLength(17);
    const usableTokens = (await listRegistrationTokens(frontdesk.db, 100)).filter(({ usesLeft }) => usesLeft < 3);
    expect(usableTokens).toEqual([]);
  });

  test('E03 cannot set metadata that only an operator may set', async () => {
    const client = await registered(frontdesk, {
      client_id: 'site-a',
      client_secret: 'my-own-secret',
      first_party: true,
      is_first_party: true,
      self_registered: false,
      apis: [{ audience: 'https://notes.example/api', scopes: ['notes:read'] }],
      conformance_client: true,
      refresh_idle_seconds: 99_999_999,
      constructor: 'x',
    });
    const rows = await runSql(frontdesk.db, `select * from clients where id = $1`, [client.client_id]);
    expect(client.client_id).toMatch(/^[\w-]{22}$/);
    expect(rows[0]).toMatchObject({ is_first_party: false, is_self_registered: true, kind: 'web' });
    const stored = Object.keys(rows[0]!['metadata'] as object);
    for (const name of ['first_party', 'self_registered', 'apis', 'conformance_client', 'refresh_idle_seconds']) {
      expect(stored).not.toContain(name);
      expect(client).not.toHaveProperty(name);
    }
    expect(client.client_secret).toMatch(/^fd_client_[\w-]{43}$/);
  });

  test('E07 cannot set members by prototype pollution', async () => {
    const body = `{"__proto__": {"first_party": true}, "client_name": "A", "redirect_uris": ["${callback}"]}`;
    const response = await register(frontdesk, await registrationToken(frontdesk), body);
    expect(response.status).toBe(201);
    expect(response.json()).not.toHaveProperty('first_party');
  });

  test.each([
    [{ grant_types: ['client_credentials'] }, 'grant_types'],
    [{ grant_types: ['authorization_code', 'implicit'], response_types: ['id_token'] }, 'grant_types'],
    [{ response_types: ['code id_token'] }, 'response_types'],
    [{ scope: 'openid notes:read' }, 'scope must have only scopes'],
    [{ token_endpoint_auth_method: 'client_secret_jwt' }, 'token_endpoint_auth_method'],
    [{ id_token_signed_response_alg: 'none' }, 'id_token_signed_response_alg'],
    [{ id_token_signed_response_alg: 'HS256' }, 'id_token_signed_response_alg'],
    [{ request_object_signing_alg: 'none' }, 'request_object_signing_alg'],
    [{ client_name: 'A\u202Eb' }, 'client_name must be 1 to 100 characters'],
    [{ client_name: 'x'.repeat(101) }, 'client_name'],
    [{ client_name: undefined }, 'client_name is missing'],
    [{ contacts: ['nobody'] }, 'contacts must have only e-mail addresses'],
    [{ default_max_age: -1 }, 'default_max_age is less than 0'],
    [{ token_endpoint_auth_method: 'private_key_jwt' }, 'jwks'],
    [{ jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } }, 'jwks must be a JSON Web Key Set'],
    [
      { jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: 'private' }] } },
      'jwks must be a JSON Web Key Set',
    ],
    [{ jwks: { keys: [{ kty: 'EC', x: [['deep']] }] } }, 'jwks'],
    [{ jwks_uri: 'http://rp.example/jwks' }, 'jwks_uri must be https'],
    [{ logo_uri: 'https://elsewhere.example/logo.png' }, 'logo_uri must be on the host'],
    [{ policy_uri: 'https://elsewhere.example/policy' }, 'policy_uri must be on the host'],
    [{ tos_uri: 'https://rp.example.evil.example/' }, 'tos_uri must be on the host'],
    [{ client_uri: 'javascript:alert(1)' }, 'client_uri'],
    [{ backchannel_logout_uri: 'http://10.0.0.1/logout' }, 'backchannel_logout_uri must be https'],
    [{ frontchannel_logout_uri: 'https://elsewhere.example/logout' }, 'frontchannel_logout_uri must have the origin'],
    [{ request_uris: ['http://rp.example/request'] }, 'request_uris must be https'],
    [{ request_uris: Array.from({ length: 11 }, (_, n) => `https://rp.example/${n}`) }, 'request_uris'],
  ])('E05 metadata with %j is refused, and the error names the reason', async (more, reason) => {
    const response = await register(frontdesk, await registrationToken(frontdesk), metadata(more));
    expect([response.status, response.json()['error']]).toEqual([400, 'invalid_client_metadata']);
    expect(response.json()['error_description']).toContain(reason);
  });

  test.each([
    ['https://rp.example/callback#'],
    ['http://rp.example/callback'],
    ['https://*.rp.example/callback'],
    ['https://user@rp.example/'],
    ['https://rp.example/a/../b'],
    ['https://rp.example\\evil'],
    ['com.example.app:/callback'],
    ['javascript:alert(1)'],
    [''],
  ])('E06 redirect URI %s is refused', async (uri) => {
    const response = await register(
      frontdesk,
      await registrationToken(frontdesk),
      metadata({ redirect_uris: [callback, uri] }),
    );
    expect(response.status).toBe(400);
    expect(['invalid_redirect_uri', 'invalid_client_metadata']).toContain(response.json()['error']);
  });

  test('E06 a registration with eleven redirect URIs or none is refused', async () => {
    const tooManyUris = Array.from({ length: 11 }, (_, index) => `https://rp.example/${index}`);
    for (const uris of [tooManyUris, []]) {
      const response = await register(frontdesk, await registrationToken(frontdesk), metadata({ redirect_uris: uris }));
      expect([response.status, response.json()['error']]).toEqual([400, 'invalid_redirect_uri']);
    }
  });

  test.each(['{', '[]', 'null', '"text"', ''])('E05 a request body %j is refused', async (body) => {
    const response = await register(frontdesk, await registrationToken(frontdesk), body);
    expect([response.status, response.json()['error']]).toEqual([400, 'invalid_client_metadata']);
  });

  test('F03 the body must be JSON of at most 56 KiB', async () => {
    const url = `${frontdesk.issuer}/oauth/register`;
    const authorization = `Bearer ${await registrationToken(frontdesk)}`;
    const asForm = await sendRequest(url, { headers: { authorization }, form: { client_name: 'A' } });
    expect([asForm.status, asForm.json()['error']]).toEqual([400, 'invalid_client_metadata']);
    const tooLarge = metadata({ scope: 'x'.repeat(60_000) });
    expect((await register(frontdesk, await registrationToken(frontdesk), tooLarge)).status).toBe(413);
    const deep = `{"jwks":{"keys":[{"x":${'['.repeat(20_000)}${']'.repeat(20_000)}}]}}`;
    expect((await register(frontdesk, await registrationToken(frontdesk), deep)).status).toBe(400);
  });
});
