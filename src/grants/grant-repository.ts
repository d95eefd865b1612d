/** SQL for grants. A revoked grant keeps its row until it is purged, because its tokens are checked against it. */
import type { Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';

/** The permissions of one client in one session of one person. Codes and tokens are valid only while their grant is. */
export interface Grant {
  id: string;
  accountId: string;
  clientId: string;
  sessionUid: string | undefined;
  /** `{ openid, resources, rejected, rar }` of oidc-provider. */
  permissions: Record<string, unknown>;
  createdAt: Date;
  expiresAt: Date;
}

export interface GrantRow {
  id: string;
  account_id: string;
  client_id: string;
  session_uid: string | null;
  permissions: Record<string, unknown>;
  created_at: Date;
  expires_at: Date;
}

export const toGrant = (row: GrantRow): Grant => ({
  id: row.id,
  accountId: row.account_id,
  clientId: row.client_id,
  sessionUid: row.session_uid ?? undefined,
  permissions: row.permissions,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
});

const selectGrant = sql`
  select id, account_id, client_id, session_uid, permissions, created_at, expires_at
  from live_grants where id = $1`;

/** @returns undefined for a revoked grant; an expired one is returned */
export async function findGrant(db: Database, id: string): Promise<Grant | undefined> {
  const [row] = await db.read<GrantRow>(selectGrant, [id]);
  return row && toGrant(row);
}

// Every transaction locks sessions before grants, so that two transactions cannot deadlock. `count(*)` makes PostgreSQL
// lock the session before it inserts the grant.
const upsertRow = sql`
  with locked as (select uid from sessions where uid = $4 for no key update)
  insert into grants (id, account_id, client_id, session_uid, permissions, expires_at)
  select $1, $2::uuid, $3, $4, $5::jsonb, $6::timestamptz from (select count(*) from locked) as after_lock
  on conflict (id) do update set permissions = excluded.permissions where grants.revoked_at is null`;

export function upsertGrant(db: Database, grant: Omit<Grant, 'createdAt'>): void {
  const { id, accountId, clientId, sessionUid, permissions, expiresAt } = grant;
  db.write(upsertRow, [id, accountId, clientId, sessionUid, permissions, expiresAt]);
}

// The session is locked before its grant here too.
const updateRevokedAt = sql`
  with locked as (
    select s.uid from sessions s join grants g on g.session_uid = s.uid where g.id = $1 for no key update of s
  )
  update grants set revoked_at = now()
  where id = $1 and revoked_at is null and (select count(*) from locked) >= 0
  returning account_id, client_id`;

/**
 * @returns the account and the client of the grant; undefined when it was revoked already, or there is no such grant
 */
export async function revokeGrantRow(
  db: Database,
  id: string,
): Promise<{ accountId: string; clientId: string } | undefined> {
  const { rows } = await db.guard<{ account_id: string; client_id: string }>(updateRevokedAt, [id]);
  return rows[0] && { accountId: rows[0].account_id, clientId: rows[0].client_id };
}

const deleteByClient = sql`
  with chosen as (
    select id from grants where client_id = $1 order by created_at limit $2
  ), tokens as (
    delete from artifacts where grant_id = any(array(select id from chosen))
  ), deleted as (
    delete from grants where id = any(array(select id from chosen))
  )
  select count(*)::int as grants from chosen`;

/** Deletes at most `limit` grants of a client that is removed, with their tokens. @returns number of grants */
export async function deleteGrantsOfClient(db: Database, clientId: string, limit: number): Promise<number> {
  const { rows } = await db.guard<{ grants: number }>(deleteByClient, [clientId, limit]);
  return rows[0]!.grants;
}

const deleteByAccount = sql`
  delete from grants where id = any(array(select id from grants where account_id = $1 limit $2 for update))`;

/** Deletes at most `limit` grants of an account that is removed: nothing finds their tokens any more. @returns number */
export async function deleteGrantsOfAccount(db: Database, accountId: string, limit: number): Promise<number> {
  return (await db.guard(deleteByAccount, [accountId, limit])).count;
}
