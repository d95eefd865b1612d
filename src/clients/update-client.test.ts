/** Tests on a real database how clients are updated. */
import { freshDatabase, runSql, type TestDatabase } from '../../test/support/database.ts';
import type { Refusal } from '../errors.ts';
import { openDatabase, type Database } from '../platform/database.ts';
import { createKeyring, randomToken } from '../platform/secrets.ts';
import { findClient, isKnownOrigin } from './client-repository.ts';
import type { ClientDetails } from './client-details.ts';
import type { ClientMetadata } from './client.ts';
import { ensureOwnClient } from './own-client.ts';
import { registerClient, type ClientRegistration } from './register-client.ts';
import { updateClient } from './update-client.ts';

const by = 'command-line';
const issuer = 'https://login.example';
const keyring = createKeyring([randomToken()]);
let database: TestDatabase;
let db: Database;

beforeAll(async () => {
  database = await freshDatabase();
  db = openDatabase({ url: database.url });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

const keepMetadata = async (metadata: ClientMetadata) => metadata;
const context = (validate = keepMetadata) => ({ db, keyring, validate, issuer, by }) as const;
let clients = 0;
async function register(more: Partial<ClientRegistration> = {}): Promise<string> {
  const id = `client-${(clients += 1)}`;
  await registerClient(context(), { id, kind: 'web', name: id, redirectUris: ['https://wiki.example/cb'], ...more });
  return id;
}
const update = (id: string, details: ClientDetails) => updateClient(context(), id, details);
const find = async (id: string) => (await findClient(db, id))!;
const refusalOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    ({ code, values }: Refusal) => [code, values['field'], values['reason']].filter(Boolean).join(' '),
  );
const events = async (id: string) =>
  runSql<{ detail: object }>(
    db,
    `select detail from audit_events where client_id = $1 and kind = 'client.updated' order by at, id`,
    [id],
  );

test('an event names each secret that a change removes or adds', async () => {
  const id = await register();
  const secretId = (await find(id)).secrets[0]!.id;
  await update(id, { kind: 'native', redirectUris: ['http://127.0.0.1/cb'] });
  await update(id, { kind: 'web', redirectUris: ['https://wiki.example/cb'] });
  const newSecretId = (await find(id)).secrets[0]!.id;
  const secretEvents = await runSql(
    db,
    `select kind, detail ->> 'secretId' as id from audit_events where client_id = $1 and kind like 'client-secret.%'
       order by at, id`,
    [id],
  );
  expect(secretEvents).toEqual([
    { kind: 'client-secret.removed', id: secretId },
    { kind: 'client-secret.added', id: newSecretId },
  ]);
});

test('an update changes only the given fields', async () => {
  const id = await register({
    isFirstParty: true,
    backChannelLogoutUri: 'https://wiki.example/out',
    refreshIdleSeconds: 3600,
  });
  const clientBefore = await find(id);
  await update(id, { name: 'Wiki' });
  expect(await find(id)).toEqual({ ...clientBefore, metadata: { ...clientBefore.metadata, client_name: 'Wiki' } });
  await update(id, { redirectUris: ['https://wiki.example/new'], requiresPkce: true, hasIdTokenClaims: false });
  const { metadata, secrets } = await find(id);
  expect(metadata).toEqual({
    ...clientBefore.metadata,
    client_name: 'Wiki',
    redirect_uris: ['https://wiki.example/new'],
    require_pkce: true,
    id_token_claims: false,
  });
  expect(secrets).toEqual(clientBefore.secrets);
  expect((await events(id)).map(({ detail }) => detail)).toEqual([
    { kind: 'web', fields: ['client_name'], by },
    { kind: 'web', fields: ['id_token_claims', 'redirect_uris', 'require_pkce'], by },
  ]);
});

test('null removes a field', async () => {
  const id = await register({
    postLogoutRedirectUris: ['https://wiki.example/'],
    backChannelLogoutUri: 'https://wiki.example/out',
    frontChannelLogoutUri: 'https://wiki.example/out',
    refreshIdleSeconds: 3600,
    scope: 'openid',
    homePage: 'https://wiki.example/',
    requiresPkce: true,
    metadata: { logo_uri: 'https://wiki.example/logo.png' },
  });
  await update(id, {
    postLogoutRedirectUris: null,
    backChannelLogoutUri: null,
    frontChannelLogoutUri: null,
    refreshIdleSeconds: null,
    scope: null,
    homePage: null,
    requiresPkce: null,
    metadata: { logo_uri: null },
  });
  expect((await find(id)).metadata).toEqual((await find(await register({ name: id }))).metadata);
});

test('an update without a change records no event', async () => {
  const id = await register();
  await update(id, { name: id, redirectUris: ['https://wiki.example/cb'] });
  expect(await events(id)).toEqual([]);
});

test('origins follow the redirect URIs', async () => {
  const id = await register({ kind: 'single-page', redirectUris: ['https://one.example/cb'] });
  expect(await isKnownOrigin(db, 'https://one.example')).toBe(true);
  await update(id, { redirectUris: ['https://two.example/cb', 'com.example.app:/cb'], hasAppScheme: true });
  expect([await isKnownOrigin(db, 'https://one.example'), await isKnownOrigin(db, 'https://two.example')]).toEqual([
    false,
    true,
  ]);
});

test('a change of the kind changes the authentication method', async () => {
  const id = await register({ scope: 'openid email' });
  await update(id, { kind: 'single-page' });
  expect(await find(id)).toMatchObject({
    kind: 'single-page',
    secrets: [],
    metadata: { token_endpoint_auth_method: 'none', scope: 'openid email', redirect_uris: ['https://wiki.example/cb'] },
  });
  await update(id, { kind: 'machine' });
  const machine = await find(id);
  expect(machine.metadata).toMatchObject({ grant_types: ['client_credentials'], redirect_uris: [] });
  expect([machine.metadata.scope, machine.secrets.length]).toEqual([undefined, 1]);
  expect(await refusalOf(update(id, { kind: 'web' }))).toBe('redirect_uri_required');
});

test('an update replaces the whole list of APIs', async () => {
  const api = `insert into apis (audience, name, scopes, token_format, access_token_lifetime_seconds)
    values ('https://notes.example', 'Notes', '{"read":"Read"}', 'jwt', 300)`;
  await runSql(db, api);
  const id = await register();
  await update(id, { apis: [{ audience: 'https://notes.example' }] });
  expect((await find(id)).apis).toEqual([{ audience: 'https://notes.example', scopes: ['read'] }]);
  await update(id, { name: 'Wiki' });
  expect((await find(id)).apis).toHaveLength(1);
  await update(id, { apis: [] });
  expect((await find(id)).apis).toEqual([]);
});

test('an update to metadata that cannot be registered is refused', async () => {
  const id = await register();
  const clientBefore = await find(id);
  const refusals = await Promise.all(
    [
      { name: ' ' },
      { redirectUris: [] },
      { redirectUris: ['http://wiki.example/cb'] },
      { redirectUris: ['com.example.app:/cb'] },
      { redirectUris: ['https://wiki.example/%00'] },
      { postLogoutRedirectUris: ['http://wiki.example/'] },
      { frontChannelLogoutUri: 'https://other.example/out' },
      { backChannelLogoutUri: 'out' },
      { refreshIdleSeconds: 1 },
      { apis: [{ audience: 'https://no.example' }] },
      { metadata: { require_pkce: 'yes' } },
      { metadata: { id_token_claims: 1 } },
      { metadata: { backchannel_logout_uri: 7 } },
      { metadata: { client_name: 7 } },
      { metadata: { redirect_uris: 'https://wiki.example/cb' } },
      { metadata: { client_secret: 'mine' } },
      { metadata: { secrets: [] } },
      { kind: 'native' as const, hasAppScheme: true },
    ].map((details) => refusalOf(update(id, details))),
  );
  expect(refusals).toEqual([
    'argument_invalid name must_be_client_name',
    'redirect_uri_required',
    'redirect_uri_invalid redirect_uris must_be_https_or_loopback',
    'redirect_uri_invalid redirect_uris scheme_needs_app',
    'redirect_uri_invalid redirect_uris uri_has_encoded_control',
    'redirect_uri_invalid post_logout_redirect_uris must_be_https_or_loopback',
    'client_invalid frontchannel_logout_uri must_be_on_redirect_origin',
    'client_invalid backchannel_logout_uri is_not_a_uri',
    'policy_out_of_bounds',
    'api_unknown',
    'client_invalid require_pkce must_be_boolean',
    'client_invalid id_token_claims must_be_boolean',
    'client_invalid backchannel_logout_uri must_be_text',
    'client_invalid client_name must_be_text',
    'client_invalid redirect_uris must_be_list',
    'client_invalid client_secret is_set_elsewhere',
    'client_invalid secrets is_set_elsewhere',
    'argument_invalid app-scheme is_for_sites',
  ]);
  expect(await find(id)).toEqual(clientBefore);
});

test('clients that registered themselves and the built-in client cannot be updated', async () => {
  await ensureOwnClient(db, issuer);
  await runSql(db, `insert into clients (id, kind, is_self_registered, metadata) values ('itself', 'web', true, '{}')`);
  expect(await refusalOf(update('itself', { name: 'Bank' }))).toBe('client_self_registered');
  expect(await refusalOf(update('frontdesk', { name: 'Bank' }))).toBe('client_unknown');
  expect(await refusalOf(update('nobody', { name: 'Bank' }))).toBe('client_unknown');
});

test('an update that overlaps another one is refused and does not undo it', async () => {
  const id = await register();
  const slow = async (metadata: ClientMetadata) => {
    await update(id, { homePage: 'https://wiki.example/' });
    return metadata;
  };
  expect(await refusalOf(updateClient(context(slow), id, { name: 'Wiki' }))).toBe('client_changed');
  expect((await find(id)).metadata).toMatchObject({ client_name: id, client_uri: 'https://wiki.example/' });
});
