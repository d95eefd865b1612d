/** Tests client secrets on a real database. */
import { readFileSync } from 'node:fs';
import { freshDatabase, runSql, statement, type TestDatabase } from '../../test/support/database.ts';
import type { Refusal } from '../errors.ts';
import { openDatabase, type Database } from '../platform/database.ts';
import { createKeyring, randomToken } from '../platform/secrets.ts';
import { findClient } from './client-repository.ts';
import { replaceSecretHash, updateSecretLastUsed } from './client-secret-repository.ts';
import { addClientSecret, removeClientSecret } from './client-secret.ts';
import type { ClientMetadata } from './client.ts';
import { registerClient, type ClientRegistration } from './register-client.ts';
import { updateClient } from './update-client.ts';

const by = 'command-line';
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

const context = () =>
  ({
    db,
    keyring,
    validate: async (metadata: ClientMetadata) => metadata,
    issuer: 'https://login.example',
    by,
  }) as const;
let clients = 0;
async function register(more: Partial<ClientRegistration> = {}): Promise<string> {
  const id = `client-${(clients += 1)}`;
  await registerClient(context(), { id, kind: 'web', name: id, redirectUris: ['https://wiki.example/cb'], ...more });
  return id;
}
const addSecret = (id: string, seconds?: number) => addClientSecret({ db, keyring }, id, { seconds, by });
const secretsOf = async (id: string) => (await findClient(db, id))!.secrets;
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: Refusal) => error.code,
  );
/** The column that servers of the previous release read and write. */
const oldColumn = async (id: string) =>
  (await runSql<{ secret_hashes: string[] }>(db, 'select secret_hashes from clients where id = $1', [id]))[0]!
    .secret_hashes;

test('a client has at most two secrets, each with an id and a time of creation', async () => {
  const id = await register();
  const [first] = await secretsOf(id);
  expect(first).toMatchObject({ id: expect.stringMatching(/^[0-9a-f]{8}$/), createdAt: expect.any(Date) });
  const added = await addSecret(id, 3600);
  expect(added.secret).toMatch(/^fd_client_[\w-]{43}$/);
  const expiresAt = (await secretsOf(id)).find((secret) => secret.id === added.id)!.expiresAt!;
  expect(Math.abs(expiresAt.getTime() - Date.now() - 3_600_000)).toBeLessThan(60_000);
  expect(await codeOf(addSecret(id))).toBe('client_secret_limit');
  expect(await removeClientSecret(db, id, first!.id, by)).toBe(1);
  await addSecret(id);
  expect(await secretsOf(id)).toHaveLength(2);
});

test('a new secret can replace an expired one', async () => {
  const id = await register();
  const { id: expired } = await addSecret(id, 60);
  await runSql(db, `update client_secrets set expires_at = now() where id = $1`, [expired]);
  await addSecret(id);
  expect((await secretsOf(id)).map((secret) => secret.id)).not.toContain(expired);
  expect(await secretsOf(id)).toHaveLength(2);
});

test('one of ten concurrent additions succeeds', async () => {
  const id = await register();
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => codeOf(addSecret(id))));
  expect(outcomes.toSorted()).toEqual([...Array<string>(9).fill('client_secret_limit'), 'done']);
  expect(await secretsOf(id)).toHaveLength(2);
});

test('unknown clients and secrets, impossible lifetimes and public clients are refused', async () => {
  const [id, singlePageApp] = [await register(), await register({ kind: 'single-page' })];
  expect(await codeOf(addSecret(singlePageApp))).toBe('client_without_secret');
  expect(await codeOf(addSecret('nobody'))).toBe('client_unknown');
  expect(await codeOf(addSecret(id, 0))).toBe('argument_invalid');
  expect(await codeOf(addSecret(id, 3651 * 86_400))).toBe('argument_invalid');
  expect(await codeOf(removeClientSecret(db, 'nobody', 'x', by))).toBe('client_unknown');
  expect(await codeOf(removeClientSecret(db, singlePageApp, (await secretsOf(id))[0]!.id, by))).toBe(
    'client_secret_unknown',
  );
  expect(await secretsOf(id)).toHaveLength(1);
});

test('the last secret of a client can be removed', async () => {
  const id = await register();
  expect(await removeClientSecret(db, id, (await secretsOf(id))[0]!.id, by)).toBe(0);
  expect(await secretsOf(id)).toEqual([]);
});

test('a change of the authentication method removes the secrets or creates one', async () => {
  const id = await register();
  const jwks = { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }] };
  const keyMetadata = { token_endpoint_auth_method: 'private_key_jwt', jwks };
  expect((await updateClient(context(), id, { metadata: keyMetadata })).secret).toBeUndefined();
  expect(await secretsOf(id)).toEqual([]);
  const secretMetadata = { token_endpoint_auth_method: 'client_secret_post', jwks: null };
  expect((await updateClient(context(), id, { metadata: secretMetadata })).secret).toMatch(/^fd_client_/);
  expect(await secretsOf(id)).toHaveLength(1);
  expect((await updateClient(context(), id, { name: 'Wiki' })).secret).toBeUndefined();
});

test('the last use of a secret is written once an hour, without waiting for another request', async () => {
  const id = await register();
  const [secret] = await secretsOf(id);
  const lastUsed = async () => (await secretsOf(id))[0]!.lastUsedAt?.getTime();
  const recordUse = () => db.inUnitOfWork(async () => updateSecretLastUsed(db, id, secret!.id, 3600));
  await recordUse();
  const first = await lastUsed();
  expect(first).toBeGreaterThan(Date.now() - 60_000);
  await recordUse();
  expect(await lastUsed()).toBe(first);
  await runSql(db, `update client_secrets set last_used_at = now() - interval '61 minutes' where client_id = $1`, [id]);
  await db.inUnitOfWork(async () => {
    await db.guard(statement('select 1 from client_secrets where client_id = $1 for update'), [id]);
    // The other connection skips the locked row instead of waiting for it.
    const otherConnection = openDatabase({ url: database.url, poolSize: 1 });
    await otherConnection.inUnitOfWork(async () => updateSecretLastUsed(otherConnection, id, secret!.id, 3600));
    await otherConnection.close();
  });
  expect(await lastUsed()).toBeLessThan(first!);
  await recordUse();
  expect(await lastUsed()).toBeGreaterThan(first! - 1);
});

describe('servers of the previous release', () => {
  test('read every secret', async () => {
    const id = await register();
    const { hash } = await addSecret(id);
    expect(new Set(await oldColumn(id))).toEqual(new Set((await secretsOf(id)).map((secret) => secret.hash)));
    const first = (await secretsOf(id)).find((secret) => secret.hash !== hash)!;
    await db.inUnitOfWork(async () => replaceSecretHash(db, id, first.id, 'under-a-new-root-secret'));
    expect(new Set(await oldColumn(id))).toEqual(new Set([hash, 'under-a-new-root-secret']));
    await removeClientSecret(db, id, first.id, by);
    expect(await oldColumn(id)).toEqual([hash]);
  });

  test('may add, replace and remove secrets', async () => {
    await runSql(db, `insert into clients (id, kind, metadata, secret_hashes) values ('old', 'web', '{}', '{one}')`);
    expect(await secretsOf('old')).toMatchObject([{ id: expect.stringMatching(/^[0-9a-f]{8}$/), hash: 'one' }]);
    await runSql(db, `update client_secrets set expires_at = 'tomorrow' where client_id = 'old'`);
    await runSql(db, `update clients set secret_hashes = array_replace(secret_hashes, 'one', 'two') where id = 'old'`);
    expect(await secretsOf('old')).toMatchObject([{ hash: 'two', expiresAt: expect.any(Date) }]);
    await runSql(db, `update clients set secret_hashes = '{}' where id = 'old'`);
    expect(await secretsOf('old')).toEqual([]);
  });

  test('have stored secrets that the migration copies', async () => {
    await runSql(
      db,
      `insert into clients (id, kind, metadata, secret_hashes) values ('older', 'web', '{}', '{one,two}')`,
      [],
    );
    await runSql(db, `delete from client_secrets`);
    const [copyStatement = ''] = /insert into client_secrets[^;]*cross join[^;]*;/.exec(
      readFileSync('migrations/0028-client-secrets.sql', 'utf8'),
    )!;
    await runSql(db, copyStatement);
    expect((await secretsOf('older')).map(({ hash }) => hash).toSorted()).toEqual(['one', 'two']);
  });
});
