/** SQL that deletes expired rows. Every read compares with the clock, so a late purge changes nothing. */
import type { Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';

const deleteExpiredArtifacts = sql`
  with expired as (
    select kind, id_hash from artifacts where expires_at < now() - interval '1 minute' limit $1 for update skip locked
  )
  delete from artifacts a using expired e where a.kind = e.kind and a.id_hash = e.id_hash`;

/** @returns number of rows deleted */
export async function purgeArtifacts(db: Database, limit: number): Promise<number> {
  return (await db.writeOutsideTransaction(deleteExpiredArtifacts, [limit])).count;
}

// A grant stays while an artifact refers to it, because every read of the artifact checks the grant.
const deleteExpiredGrants = sql`
  with expired as (
    select g.id from grants g
    where g.created_at < now() - interval '1 day'
      and (g.revoked_at < now() - interval '1 day' or g.expires_at < now() or not exists (
        select from sessions s where s.uid = g.session_uid and s.ended_at is null))
      and not exists (select from artifacts a where a.grant_id = g.id)
    limit $1 for update skip locked
  )
  delete from grants g using expired e where g.id = e.id`;

/** @returns number of rows deleted */
export async function purgeGrants(db: Database, limit: number): Promise<number> {
  return (await db.writeOutsideTransaction(deleteExpiredGrants, [limit])).count;
}

// An ended session stays while it has grants, because a logout notice for offline access needs its sid.
const deleteEndedSessions = sql`
  with ended as (
    select s.uid from sessions s
    where ((s.ended_at is not null and s.ended_at < now() - interval '30 days')
        or (s.account_id is null and s.expires_at < now() - interval '1 minute'))
      and not exists (select from grants g where g.session_uid = s.uid)
    limit $1 for update skip locked
  )
  delete from sessions s using ended e where s.uid = e.uid`;

/** @returns number of rows deleted */
export async function purgeSessions(db: Database, limit: number): Promise<number> {
  return (await db.writeOutsideTransaction(deleteEndedSessions, [limit])).count;
}

// `rate_limits.expire` is in milliseconds since 1970 (rate-limiter-flexible); 3600000 is an hour.
const deleteShortLived = [
  sql`delete from receipts where expires_at < now()`,
  sql`delete from sign_in_attempts where (subject, place, budget) in (
    select subject, place, budget from sign_in_attempts where expires_at < now() for update skip locked)`,
  sql`delete from rate_limits where expire < extract(epoch from now()) * 1000 - 3600000`,
  sql`delete from logout_notices where created_at < now() - interval '90 days'`,
  sql`delete from registration_tokens where expires_at < now() - interval '30 days'`,
  sql`delete from receiver_states where not_before < now() - interval '7 days'`,
];

/** Deletes old receipts, wrong sign-in attempts, logout notices, registration tokens and receiver states. */
export async function purgeShortLivedRows(db: Database): Promise<void> {
  for (const statement of deleteShortLived) await db.writeOutsideTransaction(statement);
}
