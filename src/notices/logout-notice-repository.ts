/** SQL for logout notices. They are written by the statement that ends a session (sessions/session-repository.ts). */
import { type Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';
import { claimSeconds, giveUpAfterSeconds, type LogoutNotice, type NoticeChannel } from './logout-notice.ts';

interface Row {
  id: string;
  session_uid: string;
  account_id: string;
  client_id: string;
  sid: string | null;
  channel: NoticeChannel;
  reason: string;
  created_at: Date;
  attempts: number;
  next_attempt_at: Date;
  delivered_at: Date | null;
  gave_up_at: Date | null;
  problem: string | null;
}

const toNotice = (row: Row): LogoutNotice => ({
  id: row.id,
  sessionUid: row.session_uid,
  accountId: row.account_id,
  clientId: row.client_id,
  sid: row.sid ?? undefined,
  channel: row.channel,
  reason: row.reason,
  createdAt: row.created_at,
  attempts: row.attempts,
  nextAttemptAt: row.next_attempt_at,
  deliveredAt: row.delivered_at ?? undefined,
  gaveUpAt: row.gave_up_at ?? undefined,
  problem: row.problem ?? undefined,
});

// Taken by pushing its next attempt past the end of this one: a process that dies on the way loses nothing.
const claim = sql`
  update logout_notices n set next_attempt_at = clock_timestamp() + make_interval(secs => $3)
  from (
    select id from logout_notices
    where client_id = $1 and channel = 'back' and delivered_at is null and gave_up_at is null
      and next_attempt_at <= clock_timestamp()
    order by next_attempt_at limit $2 for update skip locked
  ) due
  where n.id = due.id returning n.*`;

/** Takes up to so many due notices of an app for an attempt now; no other process gets them meanwhile. */
export async function claimNotices(db: Database, clientId: string, limit: number): Promise<LogoutNotice[]> {
  const { rows } = await db.writeOutsideTransaction<Row>(claim, [clientId, limit, claimSeconds]);
  return rows.map(toNotice);
}

const delivered = sql`
  update logout_notices set delivered_at = clock_timestamp(), attempts = attempts + 1, problem = null where id = $1`;

export async function markNoticeDelivered(db: Database, id: string): Promise<void> {
  await db.writeOutsideTransaction(delivered, [id]);
}

const failed = sql`
  update logout_notices set attempts = attempts + 1, problem = $2,
    next_attempt_at = clock_timestamp() + make_interval(secs => $3),
    gave_up_at = case when $4 or created_at < clock_timestamp() - make_interval(secs => $5) then clock_timestamp() end
  where id = $1 returning gave_up_at is not null as gave_up`;

/** @returns whether the notice is a dead letter now */
export async function recordNoticeFailure(
  db: Database,
  id: string,
  { problem, againSeconds, isFinal }: { problem: string; againSeconds: number; isFinal: boolean },
): Promise<boolean> {
  const values = [id, problem, againSeconds, isFinal, giveUpAfterSeconds];
  const { rows } = await db.writeOutsideTransaction<{ gave_up: boolean }>(failed, values);
  return rows[0]?.gave_up ?? false;
}

const waiting = sql`
  select distinct n.client_id from logout_notices n left join receiver_states r on r.client_id = n.client_id
  where n.channel = 'back' and n.delivered_at is null and n.gave_up_at is null
    and n.next_attempt_at <= clock_timestamp() and (r.not_before is null or r.not_before <= clock_timestamp())
  order by n.client_id`;

/** Apps that have notices due, and may be called now. */
export async function listClientsWithDueNotices(db: Database): Promise<string[]> {
  return (await db.read<{ client_id: string }>(waiting)).map((row) => row.client_id);
}

const ofSession = sql`select * from logout_notices where session_uid = any($1) order by client_id, created_at`;

export async function listNoticesOfSessions(db: Database, sessionUids: string[]): Promise<LogoutNotice[]> {
  return (await db.read<Row>(ofSession, [sessionUids])).map(toNotice);
}

const unsettled = sql`
  select count(*)::int as count from logout_notices
  where session_uid = $1 and channel = 'back' and delivered_at is null`;

/** How many apps that can be called have not heard of the end of a session yet. */
export async function countUndeliveredNotices(db: Database, sessionUid: string): Promise<number> {
  const [row] = await db.read<{ count: number }>(unsettled, [sessionUid]);
  return row?.count ?? 0;
}

const newest = sql`
  select * from logout_notices where ($1 = false or (channel = 'back' and delivered_at is null))
  order by created_at desc limit $2`;

export async function listNotices(
  db: Database,
  { isOpen, limit }: { isOpen: boolean; limit: number },
): Promise<LogoutNotice[]> {
  return (await db.read<Row>(newest, [isOpen, limit])).map(toNotice);
}

const retry = sql`
  update logout_notices set gave_up_at = null, next_attempt_at = clock_timestamp(), created_at = clock_timestamp()
  where channel = 'back' and gave_up_at is not null returning client_id`;

/** Gives dead letters another day. @returns how many */
export async function retryDeadNotices(db: Database): Promise<number> {
  return (await db.guard(retry)).count;
}
