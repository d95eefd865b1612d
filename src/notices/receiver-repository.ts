/** SQL for the state of apps' logout endpoints: one that does not answer is left in peace for a while. */
import { type Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';

const selectState = sql`select failures, not_before from receiver_states where client_id = $1`;

/** How often in a row it did not answer, and since when it may be tried again. */
export async function findReceiverState(
  db: Database,
  clientId: string,
): Promise<{ failures: number; notBefore: Date } | undefined> {
  const [row] = await db.read<{ failures: number; not_before: Date }>(selectState, [clientId]);
  return row && { failures: row.failures, notBefore: row.not_before };
}

// Calls that were made side by side fail side by side: together they are one failure.
const fail = sql`
  insert into receiver_states (client_id, failures, not_before)
  values ($1, $2, clock_timestamp() + make_interval(secs => $3))
  on conflict (client_id) do update set failures = excluded.failures, not_before = excluded.not_before
  where receiver_states.failures < excluded.failures`;

export async function recordReceiverFailure(
  db: Database,
  clientId: string,
  failures: number,
  pauseSeconds: number,
): Promise<void> {
  await db.writeOutsideTransaction(fail, [clientId, failures, pauseSeconds]);
}

const answer = sql`delete from receiver_states where client_id = $1`;

export async function clearReceiverFailures(db: Database, clientId: string): Promise<void> {
  await db.writeOutsideTransaction(answer, [clientId]);
}

// One at a time per app, over all processes: for as long as a claim holds.
const probe = sql`
  update receiver_states set not_before = clock_timestamp() + make_interval(secs => $2)
  where client_id = $1 and not_before <= clock_timestamp()`;

/** Takes the turn to try an app that did not answer last time. @returns false when another process has it */
export async function claimProbe(db: Database, clientId: string, seconds: number): Promise<boolean> {
  return (await db.writeOutsideTransaction(probe, [clientId, seconds])).count === 1;
}
