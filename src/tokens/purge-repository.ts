/** SQL that deletes expired rows. Expiry is checked whenever a row is used, so a late purge changes nothing. */
import type { Database } from '../platform/database.ts';
import { sql, type Statement } from '../platform/statement.ts';

/** One batch of a purge, and where the next batch begins. */
export interface PurgedBatch {
  /** Number of rows that were read. When it is less than the limit, no rows are left. */
  read: number;
  deleted: number;
  /** Time of the last row that was read, in the column that orders the rows; `-infinity` before the first batch. */
  position: Date | '-infinity';
}

// Each statement deletes one batch: it reads at most $1 rows from the time $2 on, in the order of an index, so that it
// does not read rows again that were deleted before. Rows that another process is deleting are skipped.
const purgeArtifacts = sql`
  with expired as (
    select ctid, expires_at from artifacts
    where expires_at >= $2 and expires_at < now() - interval '1 minute'
    order by expires_at limit $1 for update skip locked
  ), deleted as (
    delete from artifacts where ctid = any(array(select ctid from expired))
  )
  select count(*)::int as read, count(*)::int as deleted, max(expires_at) as position from expired`;

// Codes and tokens of a revoked grant are not found any more. The grant stays for a day, for requests in flight.
const purgeRevokedGrants = sql`
  with revoked as (
    select id, revoked_at from grants
    where revoked_at >= $2 and revoked_at < now() - interval '1 day'
    order by revoked_at limit $1 for update skip locked
  ), tokens as (
    delete from artifacts where grant_id = any(array(select id from revoked))
  ), deleted as (
    delete from grants where id = any(array(select id from revoked))
  )
  select count(*)::int as read, count(*)::int as deleted, max(revoked_at) as position from revoked`;

// A grant outlives its codes and tokens (oidc/configuration/lifetimes.ts).
const purgeExpiredGrants = sql`
  with expired as (
    select ctid, expires_at from grants
    where expires_at >= $2 and expires_at < now() - interval '1 day'
    order by expires_at limit $1 for update skip locked
  ), deleted as (
    delete from grants where ctid = any(array(select ctid from expired))
  )
  select count(*)::int as read, count(*)::int as deleted, max(expires_at) as position from expired`;

// An ended session stays while a grant with offline access outlives it, because the logout notice for that grant needs
// the session's sid. A grant whose tokens have all expired is deleted, and its session in the next run.
const purgeEndedSessions = sql`
  with ended as (
    select uid, ended_at from sessions
    where ended_at >= $2 and ended_at < now() - interval '30 days'
    order by ended_at limit $1
  ), unused as (
    select id from grants g
    where session_uid = any(array(select uid from ended)) and not exists (select from artifacts a where a.grant_id = g.id)
    for update skip locked
  ), deleted_grants as (
    delete from grants where id = any(array(select id from unused))
  ), unneeded as (
    select uid from sessions s
    where uid = any(array(select uid from ended)) and not exists (select from grants g where g.session_uid = s.uid)
    for update skip locked
  ), deleted as (
    delete from sessions where uid = any(array(select uid from unneeded)) returning uid
  )
  select count(*)::int as read, (select count(*)::int from deleted) as deleted, max(ended_at) as position from ended`;

const purgeAnonymousSessions = sql`
  with expired as (
    select ctid, expires_at from sessions
    where account_id is null and expires_at >= $2 and expires_at < now() - interval '1 minute'
    order by expires_at limit $1 for update skip locked
  ), deleted as (
    delete from sessions where ctid = any(array(select ctid from expired))
  )
  select count(*)::int as read, count(*)::int as deleted, max(expires_at) as position from expired`;

const purgeNotices = sql`
  with old as (
    select ctid, created_at from logout_notices
    where created_at >= $2 and created_at < now() - interval '90 days'
    order by created_at limit $1 for update skip locked
  ), deleted as (
    delete from logout_notices where ctid = any(array(select ctid from old))
  )
  select count(*)::int as read, count(*)::int as deleted, max(created_at) as position from old`;

const purgeReceipts = sql`
  with expired as (
    select ctid, expires_at from receipts
    where expires_at >= $2 and expires_at < now()
    order by expires_at limit $1 for update skip locked
  ), deleted as (
    delete from receipts where ctid = any(array(select ctid from expired))
  )
  select count(*)::int as read, count(*)::int as deleted, max(expires_at) as position from expired`;

const purgeSignInAttempts = sql`
  with expired as (
    select ctid, expires_at from sign_in_attempts
    where expires_at >= $2 and expires_at < now()
    order by expires_at limit $1 for update skip locked
  ), deleted as (
    delete from sign_in_attempts where ctid = any(array(select ctid from expired))
  )
  select count(*)::int as read, count(*)::int as deleted, max(expires_at) as position from expired`;

// `expire` is in milliseconds since 1970 (rate-limiter-flexible); 3600000 is an hour.
const purgeRateLimits = sql`
  with expired as (
    select ctid, to_timestamp(expire / 1000.0) as expires_at from rate_limits
    where expire < (extract(epoch from now()) * 1000)::bigint - 3600000 and to_timestamp(expire / 1000.0) >= $2
    order by expire limit $1 for update skip locked
  ), deleted as (
    delete from rate_limits where ctid = any(array(select ctid from expired))
  )
  select count(*)::int as read, count(*)::int as deleted, max(expires_at) as position from expired`;

/** The purges in their order: tokens before the grants that they refer to, and grants before their sessions. */
export const purges: readonly { name: string; statement: Statement }[] = [
  { name: 'expired artifacts', statement: purgeArtifacts },
  { name: 'revoked grants', statement: purgeRevokedGrants },
  { name: 'expired grants', statement: purgeExpiredGrants },
  { name: 'ended sessions', statement: purgeEndedSessions },
  { name: 'anonymous sessions', statement: purgeAnonymousSessions },
  { name: 'logout notices', statement: purgeNotices },
  { name: 'receipts', statement: purgeReceipts },
  { name: 'sign-in attempts', statement: purgeSignInAttempts },
  { name: 'rate limits', statement: purgeRateLimits },
];

/** Deletes one batch, in a transaction of its own. */
export async function purgeBatch(
  db: Database,
  statement: Statement,
  limit: number,
  position: PurgedBatch['position'],
): Promise<PurgedBatch> {
  const { rows } = await db.writeOutsideTransaction<PurgedBatch>(statement, [limit, position]);
  return rows[0]!;
}

const deleteOfSmallTables = [
  sql`delete from registration_tokens where expires_at < now() - interval '30 days'`,
  sql`delete from receiver_states where not_before < now() - interval '7 days'`,
];

/** Deletes old registration tokens and receiver states: there are never many. */
export async function purgeSmallTables(db: Database): Promise<void> {
  for (const statement of deleteOfSmallTables) await db.writeOutsideTransaction(statement);
}
