/** SQL that clears away what has expired. Nothing depends on it: whatever is read is held against the clock. */
import { type Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';

const artifacts = sql`
  with gone as (
    select kind, id_hash from artifacts where expires_at < now() - interval '1 minute' limit $1 for update skip locked
  )
  delete from artifacts a using gone g where a.kind = g.kind and a.id_hash = g.id_hash`;

/** @returns how many */
export async function purgeArtifacts(db: Database, limit: number): Promise<number> {
  return (await db.writeOutsideTransaction(artifacts, [limit])).count;
}

// A grant is needed as long as anything may ask about it: tokens that hang on it, or a session that is live.
const grants = sql`
  with gone as (
    select g.id from grants g
    where g.created_at < now() - interval '1 day'
      and (g.revoked_at < now() - interval '1 day' or g.expires_at < now() or not exists (
        select from sessions s where s.uid = g.session_uid and s.ended_at is null))
      and not exists (select from artifacts a where a.grant_id = g.id)
    limit $1 for update skip locked
  )
  delete from grants g using gone where g.id = gone.id`;

export async function purgeGrants(db: Database, limit: number): Promise<number> {
  return (await db.writeOutsideTransaction(grants, [limit])).count;
}

// An ended session is kept while offline access from it lives: its apps are told by the name they knew it by.
const sessions = sql`
  with gone as (
    select s.uid from sessions s
    where ((s.ended_at is not null and s.ended_at < now() - interval '30 days')
        or (s.account_id is null and s.expires_at < now() - interval '1 minute'))
      and not exists (select from grants g where g.session_uid = s.uid)
    limit $1 for update skip locked
  )
  delete from sessions s using gone where s.uid = gone.uid`;

export async function purgeSessions(db: Database, limit: number): Promise<number> {
  return (await db.writeOutsideTransaction(sessions, [limit])).count;
}

const small = [
  sql`delete from receipts where expires_at < now()`,
  sql`delete from rate_limits where expire < extract(epoch from now()) * 1000 - 3600000`,
  sql`delete from logout_notices where created_at < now() - interval '90 days'`,
  sql`delete from registration_tokens where expires_at < now() - interval '30 days'`,
  sql`delete from receiver_states where not_before < now() - interval '7 days'`,
];

/** Receipts, counters of tries, and what became of old sign-outs. */
export async function purgeShortLivedRows(db: Database): Promise<void> {
  for (const statement of small) await db.writeOutsideTransaction(statement);
}
