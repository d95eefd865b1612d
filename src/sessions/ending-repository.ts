/** SQL that ends sessions, revokes grants and inserts logout notices for the apps that took part in the sessions. */
import { ownClientId } from '../clients/own-client.ts';
import { sql } from '../platform/statement.ts';
import type { Database } from '../platform/database.ts';
import type { EndReason } from './session.ts';

export interface EndedSession {
  uid: string;
  /** Undefined for a session that nobody signed in to. */
  accountId: string | undefined;
  /** Number of apps that are notified. */
  apps: number;
}

// Here and below, notices are made from the rows that the statement changes, so an app that joined a moment ago is
// notified too. A trigger queues their deliveries (migrations/0022-queue-logout-deliveries.sql). `limit 1` makes
// PostgreSQL look clients up by their ids.
const endSessionsByUid = sql`
  with ended as (
    update sessions set ended_at = clock_timestamp(), end_reason = $2, state = null
    where uid = any($1) and ended_at is null
    returning uid, account_id, authorizations
  ), revoked as (
    update grants g set revoked_at = now() from ended e
    where g.session_uid = e.uid and g.revoked_at is null
      and ($3 or not coalesce((e.authorizations -> g.client_id -> 'persistsLogout')::boolean, false))
  ), notices as (
    insert into logout_notices (id, session_uid, account_id, client_id, sid, channel, reason)
    select gen_random_uuid(), e.uid, e.account_id, c.id, a.value ->> 'sid',
      case when c.metadata ? 'backchannel_logout_uri' then 'back'
        when c.metadata ? 'frontchannel_logout_uri' then 'front' else 'none' end, $2
    from ended e cross join jsonb_each(e.authorizations) a
      cross join lateral (select id, metadata from clients where id = a.key and id <> $4 limit 1) c
    where e.account_id is not null
    returning session_uid
  ), counted as (
    select session_uid, count(*)::int as apps from notices group by session_uid
  )
  select e.uid, e.account_id, coalesce(c.apps, 0) as apps from ended e left join counted c on c.session_uid = e.uid`;

/**
 * Ends sessions and revokes the grants that were made in them.
 *
 * @param ending `includesOffline`: whether grants with `offline_access`, which otherwise outlive the session, are
 *   revoked too
 * @returns the sessions that this call ended
 */
export async function endSessionRows(
  db: Database,
  uids: string[],
  { reason, includesOffline }: { reason: EndReason; includesOffline: boolean },
): Promise<EndedSession[]> {
  const values = [uids, reason, includesOffline, ownClientId];
  const { rows } = await db.guard<{ uid: string; account_id: string | null; apps: number }>(endSessionsByUid, values);
  return rows.map(({ uid, account_id: accountId, apps }) => ({ uid, accountId: accountId ?? undefined, apps }));
}

/** The sessions and grants of an account that are to end. */
export interface EndingRange {
  accountId: string;
  /** A session that does not end; its grants are not revoked. */
  keptSessionUid: string | undefined;
  /** Sessions and grants that were created at this time or later are left out. */
  before: Date | 'infinity';
}

const selectSessionsToEnd = sql`
  select uid from sessions
  where account_id = $1 and ended_at is null and expires_at > now() and uid is distinct from $2 and created_at < $3
  order by last_seen_at limit $4`;

/** Uids of at most `limit` sessions. */
export async function listSessionsToEnd(db: Database, range: EndingRange, limit: number): Promise<string[]> {
  const values = [range.accountId, range.keptSessionUid, range.before, limit];
  return (await db.read<{ uid: string }>(selectSessionsToEnd, values)).map(({ uid }) => uid);
}

// These grants have `offline_access` and outlived their sessions. No browser is involved, so there is no front channel.
const revokeAccountGrants = sql`
  with chosen as (
    select id from grants
    where account_id = $1 and revoked_at is null and session_uid is distinct from $2 and created_at < $3
    order by id limit $4 for update
  ), revoked as (
    update grants set revoked_at = now() where id = any(array(select id from chosen)) and revoked_at is null
    returning account_id, client_id, session_uid
  ), notices as (
    insert into logout_notices (id, session_uid, account_id, client_id, sid, channel, reason)
    select gen_random_uuid(), s.uid, r.account_id, c.id, s.authorizations -> c.id ->> 'sid',
      case when c.metadata ? 'backchannel_logout_uri' then 'back' else 'none' end, $5
    from revoked r
      join clients c on c.id = r.client_id and c.id <> $6
      join sessions s on s.uid = r.session_uid and s.ended_at is not null
  )
  select count(*)::int as grants from chosen`;

/** Revokes at most `limit` grants that outlived their sessions. @returns number of grants */
export async function revokeGrantsOfAccount(
  db: Database,
  range: EndingRange,
  reason: EndReason,
  limit: number,
): Promise<number> {
  const values = [range.accountId, range.keptSessionUid, range.before, limit, reason, ownClientId];
  const { rows } = await db.guard<{ grants: number }>(revokeAccountGrants, values);
  return rows[0]!.grants;
}
