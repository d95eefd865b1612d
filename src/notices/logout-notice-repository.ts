/** SQL for logout notices. They are inserted by the statements that end sessions (sessions/ending-repository.ts). */
import type { Database } from '../platform/database.ts';
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

// A claimed notice becomes due again after `claimSeconds`, so a process that dies during an attempt loses nothing.
const claimDueNotices = sql`
  update logout_notices n set next_attempt_at = clock_timestamp() + make_interval(secs => $3)
  from (
    select id from logout_notices
    where client_id = $1 and channel = 'back' and delivered_at is null and gave_up_at is null
      and next_attempt_at <= clock_timestamp()
    order by next_attempt_at limit $2 for update skip locked
  ) due
  where n.id = due.id returning n.*`;

/** Claims at most `limit` due notices of a client. No other process can claim them for `claimSeconds`. */
export async function claimNotices(db: Database, clientId: string, limit: number): Promise<LogoutNotice[]> {
  const { rows } = await db.writeOutsideTransaction<Row>(claimDueNotices, [clientId, limit, claimSeconds]);
  return rows.map(toNotice);
}

const updateDelivered = sql`
  update logout_notices set delivered_at = clock_timestamp(), attempts = attempts + 1, problem = null where id = $1`;

export async function markNoticeDelivered(db: Database, id: string): Promise<void> {
  await db.writeOutsideTransaction(updateDelivered, [id]);
}

const updateFailed = sql`
  update logout_notices set attempts = attempts + 1, problem = $2,
    next_attempt_at = clock_timestamp() + make_interval(secs => $3),
    gave_up_at = case when $4 or created_at < clock_timestamp() - make_interval(secs => $5) then clock_timestamp() end
  where id = $1 returning gave_up_at is not null as gave_up`;

export interface FailedAttempt {
  /** Code of the failure: an OutgoingProblem, `status_503`, or `gone` when the client has no logout URI any more. */
  problem: string;
  retryAfterSeconds: number;
  /** Whether no other attempt is made. */
  isFinal: boolean;
}

/** @returns whether the notice is a dead letter now */
export async function markNoticeFailed(db: Database, id: string, attempt: FailedAttempt): Promise<boolean> {
  const values = [id, attempt.problem, attempt.retryAfterSeconds, attempt.isFinal, giveUpAfterSeconds];
  const { rows } = await db.writeOutsideTransaction<{ gave_up: boolean }>(updateFailed, values);
  return rows[0]?.gave_up ?? false;
}

const selectDueClients = sql`
  select distinct n.client_id from logout_notices n left join receiver_states r on r.client_id = n.client_id
  where n.channel = 'back' and n.delivered_at is null and n.gave_up_at is null
    and n.next_attempt_at <= clock_timestamp() and (r.not_before is null or r.not_before <= clock_timestamp())
  order by n.client_id`;

/** Ids of the clients that have due notices and may be called now. */
export async function listClientsWithDueNotices(db: Database): Promise<string[]> {
  return (await db.read<{ client_id: string }>(selectDueClients)).map((row) => row.client_id);
}

const selectBySessions = sql`select * from logout_notices where session_uid = any($1) order by client_id, created_at`;

export async function listNoticesOfSessions(db: Database, sessionUids: string[]): Promise<LogoutNotice[]> {
  return (await db.read<Row>(selectBySessions, [sessionUids])).map(toNotice);
}

const countUndelivered = sql`
  select count(*)::int as count from logout_notices
  where session_uid = $1 and channel = 'back' and delivered_at is null`;

/** Number of back-channel notices of a session that are not delivered. */
export async function countUndeliveredNotices(db: Database, sessionUid: string): Promise<number> {
  const [row] = await db.read<{ count: number }>(countUndelivered, [sessionUid]);
  return row?.count ?? 0;
}

const selectNewest = sql`
  select * from logout_notices
  where (created_at, id) < (coalesce((select created_at from logout_notices where id = $2), 'infinity'),
    coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
  order by created_at desc, id desc limit $1`;

// Apart from the statement above, so that each has its index.
const selectNewestOpen = sql`
  select * from logout_notices
  where channel = 'back' and delivered_at is null
    and (created_at, id) < (coalesce((select created_at from logout_notices where id = $2), 'infinity'),
      coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
  order by created_at desc, id desc limit $1`;

/**
 * The newest notices, newest first.
 *
 * @param filter `isOpen`: true lists only back-channel notices that are not delivered, dead letters included; `after`:
 *   id of the notice after which the list begins
 */
export async function listNotices(
  db: Database,
  filter: { isOpen: boolean; limit: number; after?: string | undefined },
): Promise<LogoutNotice[]> {
  return (await db.read<Row>(filter.isOpen ? selectNewestOpen : selectNewest, [filter.limit, filter.after])).map(
    toNotice,
  );
}

const updateDead = sql`
  update logout_notices set gave_up_at = null, next_attempt_at = clock_timestamp(), created_at = clock_timestamp()
  where channel = 'back' and delivered_at is null and gave_up_at is not null returning client_id`;

/** Makes all dead letters due again, as if they were new. @returns number of notices */
export async function retryDeadNotices(db: Database): Promise<number> {
  return (await db.guard(updateDead)).count;
}
