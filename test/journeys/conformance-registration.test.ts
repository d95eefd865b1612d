/** Tests the metadata of registrations as the suite's plans check it, in tests named after its modules. */
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { metadata, register, registrationToken, send, withRegistration } from '../support/registration.ts';

let frontdesk: Frontdesk;
const origin = 'https://rp.example';
const redirectUri = `${origin}/callback`;

beforeAll(async () => {
  frontdesk = await startFrontdesk({ settings: withRegistration });
});

test('oidcc-registration-dynamic: the response has all metadata of the request', async () => {
  const all = {
    client_name: 'A program',
    application_type: 'web',
    redirect_uris: [redirectUri],
    post_logout_redirect_uris: [`${origin}/signed-out`],
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'RS256',
    jwks_uri: `${origin}/jwks`,
    contacts: ['rp@example.com'],
    client_uri: origin,
    logo_uri: `${origin}/logo.png`,
    policy_uri: `${origin}/policy`,
    tos_uri: `${origin}/terms`,
    id_token_signed_response_alg: 'ES256',
    userinfo_signed_response_alg: 'RS256',
    request_object_signing_alg: 'RS256',
    require_signed_request_object: false,
    request_uris: [`${origin}/request#hash`],
    subject_type: 'pairwise',
    default_max_age: 3600,
    require_auth_time: true,
    default_acr_values: ['aal1'],
    initiate_login_uri: `${origin}/login`,
    backchannel_logout_uri: `${origin}/logout`,
    backchannel_logout_session_required: true,
    frontchannel_logout_uri: `${origin}/front-logout`,
    frontchannel_logout_session_required: true,
    scope: 'openid profile',
  };
  const response = await register(frontdesk, await registrationToken(frontdesk), all);
  expect([response.status, response.json()]).toEqual([201, expect.objectContaining(all)]);
  const { registration_client_uri: uri, registration_access_token: token } = response.json<Record<string, string>>();
  expect((await send(uri!, 'GET', token)).json()).toEqual(expect.objectContaining(all));
  const changed = { ...all, client_id: response.json()['client_id'], client_name: 'Another name' };
  expect((await send(uri!, 'PUT', token, changed)).json()).toEqual(expect.objectContaining(changed));
});

test('oidcc-redirect-uri-regfrag', async () => {
  const registration = metadata({ redirect_uris: [`${redirectUri}#fragment`] });
  const response = await register(frontdesk, await registrationToken(frontdesk), registration);
  expect([response.status, response.json()['error']]).toEqual([400, 'invalid_redirect_uri']);
});

test('oidcc-3rd_party-init-login', async () => {
  const registration = metadata({ initiate_login_uri: `${origin}/login` });
  const response = await register(frontdesk, await registrationToken(frontdesk), registration);
  const { registration_client_uri: uri, registration_access_token: token } = response.json<Record<string, string>>();
  for (const document of [response, await send(uri!, 'GET', token)]) {
    expect(document.headers['content-type']).toContain('application/json');
    expect(document.json()).toMatchObject({ initiate_login_uri: `${origin}/login` });
  }
});

test('oidcc-3rd_party-init-login-nohttps', async () => {
  const registration = metadata({ initiate_login_uri: 'http://rp.example/login' });
  const response = await register(frontdesk, await registrationToken(frontdesk), registration);
  expect([response.status, response.json()['error']]).toEqual([400, 'invalid_client_metadata']);
});
