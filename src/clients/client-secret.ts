/** Client secrets: two at most at a time, so that one is replaced while the app still uses the other. */
import { randomBytes } from 'node:crypto';
import type { Actor } from '../audit/audit-event.ts';
import { recordEvent } from '../audit/audit-repository.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../platform/database.ts';
import { randomToken, type Keyring } from '../platform/secrets.ts';
import { findClient, lockClient, type StoredClient } from './client-repository.ts';
import { deleteSecrets, insertSecret } from './client-secret-repository.ts';
import { needsSecret, type ClientSecret } from './client.ts';

/** Maximum number of unexpired secrets of one client. */
export const maxSecrets = 2;
const maxLifetimeDays = 3650;

export interface NewSecret {
  id: string;
  /** Shown once; only its digest is stored. */
  secret: string;
  /** Keyed digest of the secret, hex. */
  hash: string;
}

export const isExpired = ({ expiresAt }: Pick<ClientSecret, 'expiresAt'>): boolean =>
  expiresAt !== undefined && expiresAt.getTime() <= Date.now();

export function makeClientSecret(keyring: Keyring): NewSecret {
  const secret = `fd_client_${randomToken()}`;
  return { id: randomBytes(4).toString('hex'), secret, hash: keyring.digest('client-secret', secret).toString('hex') };
}

/** @returns number of secrets removed */
async function removeSecrets(db: Database, clientId: string, secretIds: string[], by: Actor): Promise<number> {
  const count = await deleteSecrets(db, clientId, secretIds);
  if (count === 0) return 0;
  for (const secretId of secretIds)
    recordEvent(db, { kind: 'client-secret.removed', clientId, detail: { secretId, by } });
  return count;
}

/**
 * Removes all secrets of a client that needs none, and stores a first secret for a client that needs one and has none.
 *
 * @param isNeeded whether the client authenticates with a secret
 * @param newSecret the first secret
 * @returns whether the first secret was stored
 */
export async function adjustSecrets(
  db: Database,
  { id: clientId, secrets }: StoredClient,
  isNeeded: boolean,
  { newSecret, by }: { newSecret: NewSecret; by: Actor },
): Promise<boolean> {
  const ids = secrets.map(({ id }) => id);
  if (!isNeeded && ids.length > 0) await removeSecrets(db, clientId, ids, by);
  const isNew = isNeeded && ids.length === 0;
  if (!isNew) return false;
  insertSecret(db, clientId, newSecret);
  recordEvent(db, { kind: 'client-secret.added', clientId, detail: { secretId: newSecret.id, by } });
  return true;
}

/**
 * Adds a secret, and removes expired ones.
 *
 * @param seconds lifetime of the secret; without a lifetime it never expires
 * @throws Refusal `client_unknown`, `client_without_secret`, `client_secret_limit`, `argument_invalid`
 */
export async function addClientSecret(
  { db, keyring }: { db: Database; keyring: Keyring },
  clientId: string,
  { seconds, by }: { seconds?: number | undefined; by: Actor },
): Promise<NewSecret & { expiresAt: Date | undefined }> {
  if (seconds === 0) throw new Refusal('argument_invalid', { field: 'expires', reason: 'must_be_positive' });
  if (seconds !== undefined && seconds > maxLifetimeDays * 86_400) {
    throw new Refusal('argument_invalid', {
      field: 'expires',
      reason: 'duration_too_long',
      max: `${maxLifetimeDays}d`,
    });
  }
  const newSecret = makeClientSecret(keyring);
  const expiresAt = seconds === undefined ? undefined : new Date(Date.now() + seconds * 1000);
  await db.inUnitOfWork(async () => {
    const client = (await lockClient(db, clientId)) ? await findClient(db, clientId) : undefined;
    if (!client) throw new Refusal('client_unknown', { id: clientId });
    if (!needsSecret(client.metadata)) {
      const method = String(client.metadata['token_endpoint_auth_method']);
      throw new Refusal('client_without_secret', { id: clientId, method });
    }
    const expired = client.secrets.filter(isExpired);
    if (client.secrets.length - expired.length >= maxSecrets) {
      throw new Refusal('client_secret_limit', { id: clientId, max: maxSecrets });
    }
    const expiredIds = expired.map(({ id }) => id);
    if (expiredIds.length > 0) await removeSecrets(db, clientId, expiredIds, by);
    insertSecret(db, clientId, { ...newSecret, expiresAt });
    recordEvent(db, { kind: 'client-secret.added', clientId, detail: { secretId: newSecret.id, by } });
  });
  return { ...newSecret, expiresAt };
}

/**
 * Removes a secret: the client cannot authenticate with it from now on.
 *
 * @returns number of unexpired secrets that are left
 * @throws Refusal `client_unknown`, `client_secret_unknown`
 */
export async function removeClientSecret(db: Database, clientId: string, secretId: string, by: Actor): Promise<number> {
  return db.inUnitOfWork(async () => {
    if (!(await lockClient(db, clientId))) throw new Refusal('client_unknown', { id: clientId });
    if ((await removeSecrets(db, clientId, [secretId], by)) === 0) {
      throw new Refusal('client_secret_unknown', { id: clientId, secretId });
    }
    return (await findClient(db, clientId))!.secrets.filter((each) => !isExpired(each)).length;
  });
}
