/** SQL that ends sessions, revokes grants and inserts logout notices for the apps that took part in the sessions. */
import { ownClientId } from '../clients/own-client.ts';
import { sql } from '../platform/statement.ts';
import type { Database } from '../platform/database.ts';
import type { AppRemovalReason, EndReason } from './session.ts';

export interface EndedSession {
  uid: string;
  /** Undefined for a session that nobody signed in to. */
  accountId: string | undefined;
  /** Number of apps that are notified. */
  apps: number;
}

// Here and below, notices are made from the rows that the statement changes, so an app that joined a moment ago is
// notified too. A trigger queues their deliveries (migrations/0022-queue-logout-deliveries.sql).
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
    from ended e, jsonb_each(e.authorizations) a, clients c
    where e.account_id is not null and c.id = a.key and c.id <> $4
    returning session_uid
  )
  select e.uid, e.account_id, (select count(*)::int from notices n where n.session_uid = e.uid) as apps
  from ended e`;

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

// Apps are notified of grants that outlived their sessions (`offline_access`), without the front channel: no browser is
// involved. `endSessionRows` inserts the notices of sessions that end now.
const revokeAccountGrants = sql`
  with revoked as (
    update grants set revoked_at = now()
    where account_id = $1 and revoked_at is null and session_uid is distinct from $2
    returning account_id, client_id, session_uid
  )
  insert into logout_notices (id, session_uid, account_id, client_id, sid, channel, reason)
  select gen_random_uuid(), s.uid, r.account_id, c.id, s.authorizations -> c.id ->> 'sid',
    case when c.metadata ? 'backchannel_logout_uri' then 'back' else 'none' end, $3
  from revoked r
    join clients c on c.id = r.client_id and c.id <> $4
    join sessions s on s.uid = r.session_uid and s.ended_at is not null`;

/**
 * Revokes all grants of an account, and notifies the apps whose grants outlived their sessions.
 *
 * @param exceptUid a session whose grants are not revoked
 */
export async function revokeGrantsOfAccount(
  db: Database,
  accountId: string,
  exceptUid: string | undefined,
  reason: EndReason,
): Promise<void> {
  await db.guard(revokeAccountGrants, [accountId, exceptUid, reason, ownClientId]);
}

// Sessions are locked before grants in every statement, so that two transactions that lock both cannot deadlock. The
// count makes PostgreSQL finish `left_sessions` before it revokes the grants.
const removeApp = sql`
  with joined_sessions as (
    select uid, authorizations -> $2 ->> 'sid' as sid from sessions
    where account_id = $1 and authorizations ? $2 and ended_at is null
      and ($4::text is null or authorizations -> $2 ->> 'grantId' = $4)
    order by uid for update
  ), left_sessions as (
    update sessions s set authorizations = s.authorizations - $2
    from joined_sessions j where s.uid = j.uid
    returning s.uid, j.sid
  ), revoked as (
    update grants g set revoked_at = now()
    where g.account_id = $1 and g.client_id = $2 and g.revoked_at is null and ($4::text is null or g.id = $4)
      and (select count(*) from left_sessions) >= 0
    returning g.session_uid
  ), known_sessions as (
    select uid, sid from left_sessions
    union
    select s.uid, s.authorizations -> $2 ->> 'sid'
    from revoked r join sessions s on s.uid = r.session_uid and s.ended_at is not null
  ), notices as (
    insert into logout_notices (id, session_uid, account_id, client_id, sid, channel, reason)
    select gen_random_uuid(), k.uid, $1, c.id, k.sid,
      case when c.metadata ? 'backchannel_logout_uri' then 'back' else 'none' end, $3
    from known_sessions k, clients c where c.id = $2
  )
  select count(*)::int as grants from revoked`;

export interface AppRemoval {
  accountId: string;
  clientId: string;
  reason: AppRemovalReason;
  /** Only this grant is revoked, and only its session loses the app; by default all grants and sessions of the app. */
  grantId?: string | undefined;
}

/**
 * Removes an app from a person's sessions and revokes its grants.
 *
 * @returns number of grants revoked
 */
export async function removeAppFromSessions(db: Database, removal: AppRemoval): Promise<number> {
  const { accountId, clientId, reason, grantId } = removal;
  const { rows } = await db.guard<{ grants: number }>(removeApp, [accountId, clientId, reason, grantId]);
  return rows[0]?.grants ?? 0;
}

const insertNotice = sql`
  insert into logout_notices (id, session_uid, account_id, client_id, sid, channel, reason)
  values (gen_random_uuid(), $1, $2, $3, $4, 'back', $5)`;

export interface NewLogoutNotice {
  accountId: string;
  clientId: string;
  sessionUid: string;
  sid: string;
  reason: AppRemovalReason;
}

/** Inserts a back-channel logout notice for one app; its delivery is queued by the trigger. */
export async function queueLogoutNotice(db: Database, notice: NewLogoutNotice): Promise<void> {
  const { accountId, clientId, sessionUid, sid, reason } = notice;
  await db.guard(insertNotice, [sessionUid, accountId, clientId, sid, reason]);
}
