/** SQL for sessions. A session keeps its row and its uid; its id, which is in the cookie, is rotated. */
import type { Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';
import { columnsOf, type NewArtifact } from '../tokens/artifact-repository.ts';
import type { SessionWrite } from './session-write.ts';
import type { Authorizations, Session } from './session.ts';

export interface SessionRow {
  uid: string;
  account_id: string | null;
  signed_in_at: Date | null;
  acr: string | null;
  amr: string[] | null;
  is_transient: boolean;
  state: Record<string, unknown> | null;
  authorizations: Authorizations;
  created_at: Date;
  last_seen_at: Date;
  expires_at: Date;
  ip: string | null;
  user_agent: string | null;
}

export const toSession = (row: SessionRow): Session => ({
  uid: row.uid,
  accountId: row.account_id ?? undefined,
  signedInAt: row.signed_in_at ?? undefined,
  acr: row.acr ?? undefined,
  amr: row.amr ?? undefined,
  isTransient: row.is_transient,
  state: row.state ?? undefined,
  authorizations: row.authorizations,
  createdAt: row.created_at,
  lastSeenAt: row.last_seen_at,
  expiresAt: row.expires_at,
  ip: row.ip ?? undefined,
  userAgent: row.user_agent ?? undefined,
});

const selectByUid = sql`select * from live_sessions where uid = $1`;

export async function findSessionByUid(db: Database, uid: string): Promise<Session | undefined> {
  const [row] = await db.read<SessionRow>(selectByUid, [uid]);
  return row && toSession(row);
}

// Requests of one browser run at the same time. Each request writes only the authorizations that it changed. It writes
// nothing when the session has ended or has another id or account, or when another request changed the same
// authorizations. The primary key must stay the only unique index: `on conflict` handles one index, and a conflict in
// another would be an error.
const upsertRow = sql`
  with session as (
  insert into sessions (uid, id_hash, account_id, signed_in_at, acr, amr, is_transient, state, authorizations,
    expires_at, ip, user_agent, device_hash)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $18)
  on conflict (uid) do update set
    id_hash = excluded.id_hash, account_id = excluded.account_id, signed_in_at = excluded.signed_in_at,
    acr = excluded.acr, amr = excluded.amr, is_transient = excluded.is_transient, state = excluded.state,
    authorizations = (sessions.authorizations - $13::text[]) || excluded.authorizations,
    expires_at = excluded.expires_at, ip = excluded.ip, user_agent = excluded.user_agent,
    device_hash = coalesce(excluded.device_hash, sessions.device_hash), last_seen_at = now()
  where sessions.ended_at is null
    and (sessions.account_id is null or sessions.account_id = excluded.account_id)
    and ($14 or sessions.id_hash = any($15))
    and not sessions.authorizations ?| $16::text[]
    and sessions.authorizations @> $17::jsonb
  returning uid
  ), stored as (
    insert into artifacts (kind, id_hash, grant_id, client_id, account_id, parent_hash, payload, expires_at)
    select t.* from session, unnest($19::text[], $20::bytea[], $21::text[], $22::text[], $23::text[], $24::bytea[],
      $25::jsonb[], $26::timestamptz[]) t
  )
  select count(*)::int as count from session`;

/**
 * Writes a session, and stores the tokens of the authorization response, which is the last that such a request writes:
 * with tokens the statement commits by itself, unless the transaction is open already.
 *
 * @returns false when another request ended or changed the session, so that nothing was written
 */
export async function upsertSession(
  db: Database,
  session: SessionWrite,
  tokens: readonly NewArtifact[] = [],
): Promise<boolean> {
  const { uid, idHash, accountId, signedInAt, acr, amr, isTransient, state, expiresAt, ip, userAgent } = session;
  const { changed, removed, added, loaded } = session.change;
  const row = [uid, idHash, accountId, signedInAt, acr, amr, isTransient, state, changed, expiresAt, ip, userAgent];
  const conditions = [removed, session.isRotating, session.idHashes, added, loaded];
  const values = [...row, ...conditions, session.deviceHash, ...columnsOf(tokens)];
  const { rows } = await (tokens.length > 0
    ? db.writeOutsideTransaction<{ count: number }>(upsertRow, values)
    : db.guard<{ count: number }>(upsertRow, values));
  return rows[0]!.count === 1;
}

const insertInSession = sql`
  with session as (
    select uid from live_sessions where uid = $1 and id_hash = $2
  ), stored as (
    insert into artifacts (kind, id_hash, grant_id, client_id, account_id, parent_hash, payload, expires_at)
    select t.* from session, unnest($3::text[], $4::bytea[], $5::text[], $6::text[], $7::text[], $8::bytea[], $9::jsonb[],
      $10::timestamptz[]) t
  )
  select count(*)::int as count from session`;

/**
 * Stores the tokens of an authorization response, when the request leaves its session as it is. Commits by itself, like
 * `upsertSession`.
 *
 * @returns false when another request ended the session or gave it another id, so that nothing was stored
 */
export async function storeInSession(
  db: Database,
  { uid, idHash }: Pick<SessionWrite, 'uid' | 'idHash'>,
  tokens: readonly NewArtifact[],
): Promise<boolean> {
  const { rows } = await db.writeOutsideTransaction<{ count: number }>(insertInSession, [
    uid,
    idHash,
    ...columnsOf(tokens),
  ]);
  return rows[0]!.count === 1;
}

const selectByDevice = sql`
  select uid from sessions where device_hash = any($1) and account_id = $2 and ended_at is null`;

/** Uids of the sessions that an account began on a known device. @param deviceHashes its digests under every key */
export async function listSessionsOnDevice(db: Database, accountId: string, deviceHashes: Buffer[]): Promise<string[]> {
  return (await db.read<{ uid: string }>(selectByDevice, [deviceHashes, accountId])).map(({ uid }) => uid);
}

const selectByAccount = sql`
  select * from live_sessions
  where account_id = $1 and expires_at > now()
    and (last_seen_at, uid) < (coalesce((select last_seen_at from sessions where uid = $2), 'infinity'), coalesce($2, ''))
  order by last_seen_at desc, uid desc limit $3`;

/**
 * At most `limit` live sessions of an account, the most recently used first.
 *
 * @param after uid of the session after which the list begins
 */
export async function listSessions(db: Database, accountId: string, limit: number, after?: string): Promise<Session[]> {
  return (await db.read<SessionRow>(selectByAccount, [accountId, after, limit])).map(toSession);
}

const selectBegunAt = sql`
  select * from live_sessions
  where account_id = $1 and expires_at > now()
    and signed_in_at between $2::timestamptz - make_interval(secs => $3) and $2::timestamptz + make_interval(secs => $3)`;

/** The live sessions of an account that were signed in to around a time. */
export async function listSessionsBegunAt(
  db: Database,
  accountId: string,
  at: Date,
  seconds: number,
): Promise<Session[]> {
  return (await db.read<SessionRow>(selectBegunAt, [accountId, at, seconds])).map(toSession);
}

const countByAccount = sql`
  select count(*)::int as count from (
    select from live_sessions where account_id = $1 and expires_at > now() and uid is distinct from $2 limit $3) counted`;

/** Number of live sessions of an account. @param limit no more are counted */
export async function countSessions(
  db: Database,
  accountId: string,
  { exceptUid, limit }: { exceptUid?: string | undefined; limit?: number } = {},
): Promise<number> {
  const [row] = await db.read<{ count: number }>(countByAccount, [accountId, exceptUid, limit]);
  return row!.count;
}

const deleteByAccount = sql`
  delete from sessions where ctid = any(array(select ctid from sessions where account_id = $1 limit $2 for update))`;

/** Deletes at most `limit` sessions of an account that is removed. @returns number of sessions */
export async function deleteSessionsOfAccount(db: Database, accountId: string, limit: number): Promise<number> {
  return (await db.guard(deleteByAccount, [accountId, limit])).count;
}

const selectExpired = sql`
  select uid from sessions where ended_at is null and expires_at <= now() order by expires_at limit $1`;

/** Uids of the sessions that have expired and are not ended yet. */
export async function listExpiredSessions(db: Database, limit: number): Promise<string[]> {
  return (await db.read<{ uid: string }>(selectExpired, [limit])).map(({ uid }) => uid);
}
