/** SQL that removes an app from sessions that go on, and inserts the logout notices of the app. */
import { sql } from '../platform/statement.ts';
import type { Database } from '../platform/database.ts';
import type { AppRemovalReason } from './session.ts';

// Sessions are locked before grants in every statement, so that two transactions that lock both cannot deadlock. The
// count makes PostgreSQL finish `changed_sessions` before it revokes. A session that has ended is notified too when its
// grant was live until now, because the app has offline access.
const removeApp = sql`
  with joined_sessions as (
    select uid, authorizations -> $2 ->> 'sid' as sid from sessions
    where account_id = $1 and authorizations ? $2 and ended_at is null
      and ($4::text is null or authorizations -> $2 ->> 'grantId' = $4)
    order by uid for update
  ), changed_sessions as (
    update sessions s set authorizations = s.authorizations - $2
    from joined_sessions j where s.uid = j.uid
    returning s.uid, j.sid
  ), revoked as (
    update grants g set revoked_at = now()
    where g.account_id = $1 and g.client_id = $2 and g.revoked_at is null and ($4::text is null or g.id = $4)
      and (select count(*) from changed_sessions) >= 0
    returning g.session_uid
  ), notified_sessions as (
    select uid, sid from changed_sessions
    union
    select s.uid, s.authorizations -> $2 ->> 'sid'
    from revoked r join sessions s on s.uid = r.session_uid and s.ended_at is not null
  ), notices as (
    insert into logout_notices (id, session_uid, account_id, client_id, sid, channel, reason)
    select gen_random_uuid(), n.uid, $1, c.id, n.sid,
      case when c.metadata ? 'backchannel_logout_uri' then 'back' else 'none' end, $3
    from notified_sessions n, clients c where c.id = $2
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
