/** SQL for receivers: the back-channel logout endpoints that did not respond to their last call. */
import type { Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';

export interface ReceiverState {
  /** Number of consecutive failures. */
  failures: number;
  /** The endpoint is not called before this time. */
  notBefore: Date;
}

const selectByClient = sql`select failures, not_before from receiver_states where client_id = $1`;

/** @returns undefined when the endpoint responded to its last call */
export async function findReceiverState(db: Database, clientId: string): Promise<ReceiverState | undefined> {
  const [row] = await db.read<{ failures: number; not_before: Date }>(selectByClient, [clientId]);
  return row && { failures: row.failures, notBefore: row.not_before };
}

// Concurrent calls that fail count as one failure: only the first of them raises the number.
const upsertRow = sql`
  insert into receiver_states (client_id, failures, not_before)
  values ($1, $2, clock_timestamp() + make_interval(secs => $3))
  on conflict (client_id) do update set failures = excluded.failures, not_before = excluded.not_before
  where receiver_states.failures < excluded.failures`;

/** @param failures number of consecutive failures, including this one */
export async function upsertReceiverFailure(
  db: Database,
  clientId: string,
  failures: number,
  pauseSeconds: number,
): Promise<void> {
  await db.writeOutsideTransaction(upsertRow, [clientId, failures, pauseSeconds]);
}

const deleteByClient = sql`delete from receiver_states where client_id = $1`;

/** Removes the state of an endpoint that has responded. */
export async function deleteReceiverState(db: Database, clientId: string): Promise<void> {
  await db.writeOutsideTransaction(deleteByClient, [clientId]);
}

const updateNotBefore = sql`
  update receiver_states set not_before = clock_timestamp() + make_interval(secs => $2)
  where client_id = $1 and not_before <= clock_timestamp()`;

/**
 * Claims the next call to an endpoint that does not respond, so that only one process makes it.
 *
 * @param seconds how long the claim holds
 * @returns false when another process holds the claim, and during the pause after a failure
 */
export async function claimProbe(db: Database, clientId: string, seconds: number): Promise<boolean> {
  return (await db.writeOutsideTransaction(updateNotBefore, [clientId, seconds])).count === 1;
}
