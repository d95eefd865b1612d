/** SQL for client secrets. The database has keyed digests, never a secret. */
import type { Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';
import { noteClientChange } from './client-repository.ts';

const insertRow = sql`
  insert into client_secrets (client_id, id, hash, expires_at) values ($1, $2, $3, $4)`;

// Servers of the previous release read and write `clients.secret_hashes`: digests are copied to it here, and from it by
// a trigger (migrations/0028-client-secrets.sql).
const copyToClient = sql`
  update clients set secret_hashes = array(select hash from client_secrets where client_id = $1 order by created_at, id)
  where id = $1`;

export function insertSecret(
  db: Database,
  clientId: string,
  { id, hash, expiresAt }: { id: string; hash: string; expiresAt?: Date | undefined },
): void {
  noteClientChange(db, clientId);
  db.write(insertRow, [clientId, id, hash, expiresAt]);
  db.write(copyToClient, [clientId]);
}

const deleteById = sql`delete from client_secrets where client_id = $1 and id = any($2)`;

/** @returns number of secrets deleted */
export async function deleteSecrets(db: Database, clientId: string, ids: string[]): Promise<number> {
  noteClientChange(db, clientId);
  const { count } = await db.guard(deleteById, [clientId, ids]);
  db.write(copyToClient, [clientId]);
  return count;
}

// Adding and removing a secret lock the client before its secrets: the same order here cannot deadlock with them.
const lockById = sql`select 1 from clients where id = $1 for no key update`;

const replaceHashById = sql`
  update client_secrets set hash = $3, last_used_at = now() where client_id = $1 and id = $2`;

/** Replaces the digest of a secret by one under another key, and stores that the secret was just used. */
export function replaceSecretHash(db: Database, clientId: string, id: string, hash: string): void {
  noteClientChange(db, clientId);
  db.write(lockById, [clientId]);
  db.write(replaceHashById, [clientId, id, hash]);
  db.write(copyToClient, [clientId]);
}

// One of several concurrent requests writes; the others skip the locked row instead of waiting.
const updateLastUsed = sql`
  update client_secrets set last_used_at = now() where (client_id, id) in (
    select client_id, id from client_secrets
    where client_id = $1 and id = $2 and coalesce(last_used_at, '-infinity') < now() - make_interval(secs => $3)
    for update skip locked)`;

/** Stores that a secret was just used, unless `last_used_at` is less than `seconds` ago. */
export function updateSecretLastUsed(db: Database, clientId: string, id: string, seconds: number): void {
  noteClientChange(db, clientId);
  db.write(updateLastUsed, [clientId, id, seconds]);
}
