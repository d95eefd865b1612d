/** SQL for management tokens (registration access tokens, RFC 7592): a client's row has the digest of its token. */
import type { Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';

const updateHash = sql`update clients set management_token_hash = $2 where id = $1`;

export function updateManagementToken(db: Database, clientId: string, hash: Buffer): void {
  db.write(updateHash, [clientId, hash]);
}

/** Stores the digest under the newest key. Commits at once, because a call over the network may follow. */
export async function renewManagementToken(db: Database, clientId: string, hash: Buffer): Promise<void> {
  await db.writeOutsideTransaction(updateHash, [clientId, hash]);
}

const selectHash = sql`
  select management_token_hash as hash from clients where id = $1 and management_token_hash = any($2)`;

/**
 * @param hashes digests of a token under every key
 * @returns the digest that is stored; undefined when the token is not this client's
 */
export async function findManagementToken(
  db: Database,
  clientId: string,
  hashes: Buffer[],
): Promise<Buffer | undefined> {
  return (await db.read<{ hash: Buffer }>(selectHash, [clientId, hashes]))[0]?.hash;
}
