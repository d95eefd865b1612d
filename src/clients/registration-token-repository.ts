/** SQL for registration tokens. The database has the keyed digest of a token, never the token. */
import type { Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';

export interface RegistrationToken {
  id: string;
  usesLeft: number;
  createdAt: Date;
  expiresAt: Date;
}

interface Row {
  id: string;
  uses_left: number;
  created_at: Date;
  expires_at: Date;
}

const insertToken = sql`
  insert into registration_tokens (id, token_hash, uses_left, expires_at) values ($1, $2, $3, $4)`;

export function insertRegistrationToken(
  db: Database,
  token: Omit<RegistrationToken, 'createdAt'> & { tokenHash: Buffer },
): void {
  db.write(insertToken, [token.id, token.tokenHash, token.usesLeft, token.expiresAt]);
}

const selectUsable = sql`
  select 1 from registration_tokens where token_hash = any($1) and uses_left > 0 and expires_at > clock_timestamp()`;

/** @param hashes digests of the token under every key */
export async function isRegistrationTokenUsable(db: Database, hashes: Buffer[]): Promise<boolean> {
  return (await db.read(selectUsable, [hashes])).length === 1;
}

const useToken = sql`
  update registration_tokens set uses_left = uses_left - 1, token_hash = $2
  where token_hash = any($1) and uses_left > 0 and expires_at > clock_timestamp()`;

/**
 * Uses a token once, and stores its digest under the newest key.
 *
 * @param hashes digests of the token under every key, newest first
 * @returns false when it is unknown, used up or expired
 */
export async function consumeRegistrationToken(db: Database, hashes: Buffer[]): Promise<boolean> {
  return (await db.guard(useToken, [hashes, hashes[0]])).count === 1;
}

const selectAllUsable = sql`
  select id, uses_left, created_at, expires_at from registration_tokens
  where uses_left > 0 and expires_at > now()
    and (created_at, id) < (coalesce((select created_at from registration_tokens where id = $1), 'infinity'),
      coalesce($1, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
  order by created_at desc, id desc limit $2`;

/**
 * At most `limit` registration tokens that can still be used, newest first.
 *
 * @param after id of the token after which the list begins
 */
export async function listRegistrationTokens(
  db: Database,
  limit: number,
  after?: string,
): Promise<RegistrationToken[]> {
  return (await db.read<Row>(selectAllUsable, [after, limit])).map((row) => ({
    id: row.id,
    usesLeft: row.uses_left,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  }));
}

const deleteToken = sql`delete from registration_tokens where id = $1`;

/** @returns false when there is no such token */
export async function deleteRegistrationToken(db: Database, id: string): Promise<boolean> {
  return (await db.guard(deleteToken, [id])).count === 1;
}
