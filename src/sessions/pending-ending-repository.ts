/** SQL for endings of many sessions that have begun and are continued in batches. */
import type { Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';
import type { EndReason } from './session.ts';

/** Which sessions and grants of an account end, and why. */
export interface AccountEnding {
  accountId: string;
  reason: EndReason;
  /** Whether grants that outlive their session (`offline_access`) are revoked too. */
  includesOffline: boolean;
  /** A session that is not ended; its grants are not revoked. */
  keptSessionUid: string | undefined;
}

export interface PendingEnding extends AccountEnding {
  id: string;
  /** Only sessions and grants that began before this time end. */
  requestedAt: Date;
}

const insertRow = sql`
  insert into pending_endings (account_id, reason, includes_offline, kept_session_uid) values ($1, $2, $3, $4)`;

/** Once this is committed, the sessions and grants of the ending are refused. */
export function insertPendingEnding(db: Database, ending: AccountEnding): void {
  const { accountId, reason, includesOffline, keptSessionUid } = ending;
  db.write(insertRow, [accountId, reason, includesOffline, keptSessionUid]);
}

const selectIds = sql`select id from pending_endings where $1::uuid is null or account_id = $1 order by requested_at`;

/** Ids of the endings that are not finished. @param accountId only those of this account */
export async function listPendingEndings(db: Database, accountId?: string): Promise<string[]> {
  return (await db.read<{ id: string }>(selectIds, [accountId])).map(({ id }) => id);
}

interface Row {
  id: string;
  account_id: string;
  reason: EndReason;
  includes_offline: boolean;
  kept_session_uid: string | null;
  requested_at: Date;
}

const lockRow = sql`select * from pending_endings where id = $1 for update skip locked`;

/** @returns undefined when another process has locked the ending, or when it is finished */
export async function claimPendingEnding(db: Database, id: string): Promise<PendingEnding | undefined> {
  const [row] = (await db.guard<Row>(lockRow, [id])).rows;
  return (
    row && {
      id: row.id,
      accountId: row.account_id,
      reason: row.reason,
      includesOffline: row.includes_offline,
      keptSessionUid: row.kept_session_uid ?? undefined,
      requestedAt: row.requested_at,
    }
  );
}

const deleteRow = sql`delete from pending_endings where id = $1`;

export function deletePendingEnding(db: Database, id: string): void {
  db.write(deleteRow, [id]);
}
