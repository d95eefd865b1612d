/** SQL that consumes a code or refresh token and stores the tokens that it is exchanged for, in one statement. */
import type { Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';
import { columnsOf, type NewArtifact } from './artifact-repository.ts';

export interface UsedToken {
  kind: 'AuthorizationCode' | 'RefreshToken';
  /** Its digest, as stored. */
  idHash: Buffer;
  /** Salt that the successor of a refresh token is derived with (rotate-refresh-token.ts). */
  successorSalt: Buffer | undefined;
}

// After PostgreSQL has waited for the row's lock, it reads `consumed_at` again.
export const updateAndInsert = sql`
  with used as (
    update artifacts a set consumed_at = clock_timestamp(), uses = 1, successor_salt = $3
    where a.kind = $1 and a.id_hash = $2 and a.consumed_at is null
      and exists (select from live_grants g where g.id = a.grant_id)
    returning a.id_hash
  ), stored as (
    insert into artifacts (kind, id_hash, grant_id, client_id, account_id, parent_hash, payload, expires_at)
    select t.* from used, unnest($4::text[], $5::bytea[], $6::text[], $7::text[], $8::text[], $9::bytea[], $10::jsonb[],
      $11::timestamptz[]) t
  )
  select count(*)::int as used from used`;

/**
 * Uses a code or refresh token that was read as unused, and stores the tokens that its client gets. Commits by itself,
 * unless the transaction is open already.
 *
 * @returns false when another request has used it, or revoked its grant, meanwhile; then nothing is stored
 * @throws CommitUncertain when no response came
 */
export async function exchangeToken(db: Database, used: UsedToken, tokens: readonly NewArtifact[]): Promise<boolean> {
  const values = [used.kind, used.idHash, used.successorSalt, ...columnsOf(tokens)];
  const { rows } = await db.writeOutsideTransaction<{ used: number }>(updateAndInsert, values);
  return rows[0]!.used === 1;
}
