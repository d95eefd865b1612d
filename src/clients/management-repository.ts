/** SQL for apps that manage their own registration. */
import { type Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';
import type { StoredClient } from './client-repository.ts';

const write = sql`update clients set management_token_hash = $2 where id = $1`;

/** Keeps the digest of what an app manages its registration with. */
export function writeManagementToken(db: Database, id: string, hash: Buffer): void {
  db.write(write, [id, hash]);
}

/** Keeps it under another key: at once and for good, since calls over the network may follow. */
export async function renewManagementToken(db: Database, id: string, hash: Buffer): Promise<void> {
  await db.writeOutsideTransaction(write, [id, hash]);
}

const select = sql`
  select management_token_hash as hash from clients where id = $1 and management_token_hash = any($2)`;

/**
 * @param hashes digests of the token under every key
 * @returns the one it is kept under; undefined when it is another client's, or nobody's
 */
export async function findManagementToken(db: Database, id: string, hashes: Buffer[]): Promise<Buffer | undefined> {
  return (await db.read<{ hash: Buffer }>(select, [id, hashes]))[0]?.hash;
}

const update = sql`
  update clients set kind = $2, metadata = $3, secret_hashes = $4, origins = $5, updated_at = now()
  where id = $1 and (kind, metadata, secret_hashes) is distinct from ($2, $3::jsonb, $4::text[])`;
const exists = sql`select 1 from clients where id = $1`;

/** What an app may change of itself. */
export async function updateClient(
  db: Database,
  client: StoredClient,
  origins: string[],
): Promise<'changed' | 'same' | 'gone'> {
  const { id, kind, metadata, secretHashes } = client;
  if ((await db.guard(update, [id, kind, metadata, secretHashes, origins])).count === 1) return 'changed';
  return (await db.read(exists, [id])).length === 1 ? 'same' : 'gone';
}
