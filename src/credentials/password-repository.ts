/** SQL for password hashes. */
import type { Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';

export interface StoredPassword {
  hash: string;
  changedAt: Date;
}

const upsertHash = sql`
  insert into passwords (account_id, password_hash) values ($1, $2)
  on conflict (account_id) do update set password_hash = excluded.password_hash, changed_at = now()`;

export function upsertPasswordHash(db: Database, accountId: string, hash: string): void {
  db.write(upsertHash, [accountId, hash]);
}

const replaceHash = sql`update passwords set password_hash = $3 where account_id = $1 and password_hash = $2`;

/**
 * Replaces the hash of an unchanged password; `changed_at` stays. Does nothing when the stored hash is another by now.
 */
export function replacePasswordHash(db: Database, accountId: string, outdatedHash: string, newHash: string): void {
  db.write(replaceHash, [accountId, outdatedHash, newHash]);
}
