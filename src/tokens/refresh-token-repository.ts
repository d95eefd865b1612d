/** SQL for the rotation of refresh tokens. */
import type { Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';
import { refreshGraceSeconds } from './artifact-repository.ts';

/** Digest of a used refresh token, and the salt that its successor is derived with. */
export interface UsedRefreshToken {
  idHash: Buffer;
  salt: Buffer;
}

// The statement has no condition on other rows: after PostgreSQL has waited for this row's lock, it reads only this row
// again.
const useToken = sql`
  update artifacts set consumed_at = coalesce(consumed_at, clock_timestamp()),
    successor_salt = coalesce(successor_salt, $2), uses = uses + 1
  where kind = 'RefreshToken' and id_hash = any($1) and (consumed_at is null
    or (successor_salt is not null and consumed_at > clock_timestamp() - make_interval(secs => $3)))
  returning id_hash, successor_salt, uses = 1 as is_first`;

/**
 * Marks a refresh token as used: for the first time, or again within the grace period.
 *
 * @param salt stored at the first use; later uses return the stored salt
 * @returns undefined for any later use, which is a replay (RFC 9700 §4.14.2), and for an unknown token
 */
export async function useRefreshToken(
  db: Database,
  idHashes: Buffer[],
  salt: Buffer,
): Promise<(UsedRefreshToken & { isFirst: boolean }) | undefined> {
  const values = [idHashes, salt, refreshGraceSeconds];
  const { rows } = await db.guard<{ id_hash: Buffer; successor_salt: Buffer; is_first: boolean }>(useToken, values);
  const [row] = rows;
  return row && { idHash: row.id_hash, salt: row.successor_salt, isFirst: row.is_first };
}

// `for share` waits for a request that is using the token at the moment, and then sees that it was used.
const selectForShare = sql`
  select id_hash, successor_salt, consumed_at from artifacts
  where kind = 'RefreshToken' and id_hash = any($1) for share`;

/** @returns `unused`, or digest and salt of a used token; undefined for an unknown token and one without a successor */
export async function findRefreshToken(
  db: Database,
  idHashes: Buffer[],
): Promise<'unused' | UsedRefreshToken | undefined> {
  const { rows } = await db.guard<{ id_hash: Buffer; successor_salt: Buffer | null; consumed_at: Date | null }>(
    selectForShare,
    [idHashes],
  );
  const [row] = rows;
  if (!row) return undefined;
  if (!row.consumed_at) return 'unused';
  return row.successor_salt ? { idHash: row.id_hash, salt: row.successor_salt } : undefined;
}
