/** SQL for sessions. One row for a session's whole life, found by the digest of its id or by its uid. */
import { sql, type Database } from '../platform/database.ts';
import type { Authorizations, AuthorizationChange, EndReason, Session } from './session.ts';

interface Row {
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
}

const toSession = (row: Row): Session => ({
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
});

const selectById = sql`select * from sessions where id_hash = any($1) and ended_at is null`;

/** By the digests of the id that the cookie holds. */
export async function findSessionById(db: Database, idHashes: Buffer[]): Promise<Session | undefined> {
  const [row] = await db.read<Row>(selectById, [idHashes]);
  return row && toSession(row);
}

const selectByUid = sql`select * from sessions where uid = $1 and ended_at is null`;

export async function findSessionByUid(db: Database, uid: string): Promise<Session | undefined> {
  const [row] = await db.read<Row>(selectByUid, [uid]);
  return row && toSession(row);
}

export interface SessionWrite extends Omit<Session, 'authorizations' | 'createdAt' | 'lastSeenAt'> {
  idHash: Buffer;
  /** Digests under which the row may be known if this request does not rotate the id. */
  idHashes: Buffer[];
  /** The request gives the session a new id. */
  isRotating: boolean;
  change: AuthorizationChange;
  ip: string | undefined;
  userAgent: string | undefined;
}

// Requests of one browser run side by side. What each changed is merged into the row, and nothing is written when the
// session was ended or got another id meanwhile, or when another request let the same client in.
const upsert = sql`
  insert into sessions (uid, id_hash, account_id, signed_in_at, acr, amr, is_transient, state, authorizations,
    expires_at, ip, user_agent)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
  on conflict (uid) do update set
    id_hash = excluded.id_hash, account_id = excluded.account_id, signed_in_at = excluded.signed_in_at,
    acr = excluded.acr, amr = excluded.amr, is_transient = excluded.is_transient, state = excluded.state,
    authorizations = (sessions.authorizations - $13::text[]) || excluded.authorizations,
    expires_at = excluded.expires_at, ip = excluded.ip, user_agent = excluded.user_agent, last_seen_at = now()
  where sessions.ended_at is null
    and ($14 or sessions.id_hash = any($15))
    and not sessions.authorizations ?| $16::text[]
    and sessions.authorizations @> $17::jsonb`;

/** @returns false when the session was ended or changed by another request, and nothing was written */
export async function upsertSession(db: Database, session: SessionWrite): Promise<boolean> {
  const { uid, idHash, accountId, signedInAt, acr, amr, isTransient, state, expiresAt, ip, userAgent } = session;
  const { changed, removed, added, loaded } = session.change;
  const row = [uid, idHash, accountId, signedInAt, acr, amr, isTransient, state, changed, expiresAt, ip, userAgent];
  const { count } = await db.guard(upsert, [...row, removed, session.isRotating, session.idHashes, added, loaded]);
  return count === 1;
}

// One statement, so that the grants are those of the row being ended: apps that joined a moment ago are among them.
const end = sql`
  with ended as (
    update sessions set ended_at = now(), end_reason = $2, state = null
    where uid = $1 and ended_at is null returning uid, account_id, authorizations
  ), revoked as (
    update grants g set revoked_at = now() from ended e
    where g.session_uid = e.uid and g.revoked_at is null
      and not coalesce((e.authorizations -> g.client_id -> 'persistsLogout')::boolean, false)
  )
  select account_id from ended`;

/** Ends a session and the grants that live with it. @returns whose it was; undefined when it had ended before */
export async function endSessionRow(
  db: Database,
  uid: string,
  reason: EndReason,
): Promise<{ accountId: string | undefined } | undefined> {
  const { rows } = await db.guard<{ account_id: string | null }>(end, [uid, reason]);
  return rows[0] && { accountId: rows[0].account_id ?? undefined };
}
