/** SQL for endings: one statement takes the power of a session away and leaves a notice for every app that took part. */
import { ownClientId } from '../clients/own-client.ts';
import { deliveryJob } from '../notices/logout-notice.ts';
import { type Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';
import type { EndReason, AppRemovalReason } from './session.ts';

export interface Ended {
  uid: string;
  /** Undefined for a browser nobody was signed in on. */
  accountId: string | undefined;
  /** How many apps took part. */
  apps: number;
}

// The notices come from the row that is being ended: an app that joined a moment ago is among them. Jobs are queued in
// the order of their keys, so that endings side by side do not wait for each other in a ring.
const end = sql`
  with ended as (
    update sessions set ended_at = clock_timestamp(), end_reason = $2, state = null
    where uid = any($1) and ended_at is null returning uid, account_id, authorizations
  ), revoked as (
    update grants g set revoked_at = now() from ended e
    where g.session_uid = e.uid and g.revoked_at is null
      and ($3 or not coalesce((e.authorizations -> g.client_id -> 'persistsLogout')::boolean, false))
  ), told as (
    insert into logout_notices (id, session_uid, account_id, client_id, sid, channel, reason)
    select gen_random_uuid(), e.uid, e.account_id, c.id, a.value ->> 'sid',
      case when c.metadata ? 'backchannel_logout_uri' then 'back'
        when c.metadata ? 'frontchannel_logout_uri' then 'front' else 'none' end, $2
    from ended e, jsonb_each(e.authorizations) a, clients c
    where e.account_id is not null and c.id = a.key and c.id <> $4
    returning session_uid, client_id, channel
  ), queued as (
    select graphile_worker.add_job($5, json_build_object('clientId', client_id), job_key := $5 || ' ' || client_id,
      max_attempts := 1)
    from (select distinct client_id from told where channel = 'back' order by client_id) app
  )
  select e.uid, e.account_id, (select count(*)::int from told t where t.session_uid = e.uid) as apps,
    (select count(*) from queued) as jobs
  from ended e`;

/** @param alsoOffline offline access that was allowed with these sessions ends as well */
export async function endSessionRows(
  db: Database,
  uids: string[],
  reason: EndReason,
  alsoOffline: boolean,
): Promise<Ended[]> {
  const values = [uids, reason, alsoOffline, ownClientId, deliveryJob];
  const { rows } = await db.guard<{ uid: string; account_id: string | null; apps: number }>(end, values);
  return rows.map(({ uid, account_id: accountId, apps }) => ({ uid, accountId: accountId ?? undefined, apps }));
}

// What is left of a person's grants after the sessions: offline access from sessions that ended before. Its apps are
// told by the name they knew those sessions by.
const revokeOffline = sql`
  with revoked as (
    update grants set revoked_at = now()
    where account_id = $1 and revoked_at is null and session_uid is distinct from $2
    returning account_id, client_id, session_uid
  ), told as (
    insert into logout_notices (id, session_uid, account_id, client_id, sid, channel, reason)
    select gen_random_uuid(), coalesce(r.session_uid, ''), r.account_id, c.id, s.authorizations -> c.id ->> 'sid',
      case when c.metadata ? 'backchannel_logout_uri' then 'back' else 'none' end, $3
    from revoked r join clients c on c.id = r.client_id and c.id <> $4
      join sessions s on s.uid = r.session_uid and s.ended_at is not null
    returning client_id, channel
  )
  select graphile_worker.add_job($5, json_build_object('clientId', client_id), job_key := $5 || ' ' || client_id,
    max_attempts := 1)
  from (select distinct client_id from told where channel = 'back' order by client_id) app`;

/** @param exceptUid a session that goes on, with its grants */
export async function revokeGrantsOfAccount(
  db: Database,
  accountId: string,
  exceptUid: string | undefined,
  reason: EndReason,
): Promise<void> {
  await db.guard(revokeOffline, [accountId, exceptUid, reason, ownClientId, deliveryJob]);
}

// Sessions before grants, as in every ending: whoever takes both takes them in this order.
const leave = sql`
  with before as (
    select uid, authorizations -> $2 ->> 'sid' as sid from sessions
    where account_id = $1 and authorizations ? $2 and ended_at is null
      and ($4::text is null or authorizations -> $2 ->> 'grantId' = $4)
    order by uid for update
  ), entered as (
    update sessions s set authorizations = s.authorizations - $2 from before b where s.uid = b.uid
    returning s.uid, b.sid
  ), revoked as (
    update grants g set revoked_at = now()
    where g.account_id = $1 and g.client_id = $2 and g.revoked_at is null and ($4::text is null or g.id = $4)
      and (select count(*) from entered) >= 0
    returning g.session_uid
  ), parties as (
    select uid, sid from entered
    union
    select s.uid, s.authorizations -> $2 ->> 'sid' from revoked r join sessions s on s.uid = r.session_uid
    where s.ended_at is not null
  ), told as (
    insert into logout_notices (id, session_uid, account_id, client_id, sid, channel, reason)
    select gen_random_uuid(), p.uid, $1, c.id, p.sid,
      case when c.metadata ? 'backchannel_logout_uri' then 'back' else 'none' end, $3
    from parties p, clients c where c.id = $2
    returning client_id, channel
  ), queued as (
    select graphile_worker.add_job($5, json_build_object('clientId', client_id), job_key := $5 || ' ' || client_id,
      max_attempts := 1)
    from (select distinct client_id from told where channel = 'back') app
  )
  select (select count(*)::int from revoked) as grants, (select count(*) from queued) as jobs`;

export interface AppRemoval {
  accountId: string;
  clientId: string;
  reason: AppRemovalReason;
  /** Only what hangs on this grant; everything when left out. */
  grantId?: string | undefined;
}

/** Takes an app out of a person's sessions, and its grants with it. @returns how many grants were revoked */
export async function removeAppFromSessions(
  db: Database,
  { accountId, clientId, reason, grantId }: AppRemoval,
): Promise<number> {
  const { rows } = await db.guard<{ grants: number }>(leave, [accountId, clientId, reason, grantId, deliveryJob]);
  return rows[0]?.grants ?? 0;
}

const tell = sql`
  with told as (
    insert into logout_notices (id, session_uid, account_id, client_id, sid, channel, reason)
    values (gen_random_uuid(), $1, $2, $3, $4, 'back', $5)
  )
  select graphile_worker.add_job($6, json_build_object('clientId', $3::text), job_key := $6 || ' ' || $3,
    max_attempts := 1)`;

export interface Tell {
  accountId: string;
  clientId: string;
  sessionUid: string;
  sid: string;
  reason: AppRemovalReason;
}

/** Leaves a notice for one app that the person signed out of alone; what it could do is taken away beside this. */
export async function queueLogoutNotice(
  db: Database,
  { accountId, clientId, sessionUid, sid, reason }: Tell,
): Promise<void> {
  await db.guard(tell, [sessionUid, accountId, clientId, sid, reason, deliveryJob]);
}
