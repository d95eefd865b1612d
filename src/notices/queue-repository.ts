/** SQL that puts the delivery of logout notices into the job queue. */
import { sql, type Database } from '../platform/database.ts';

/** The job that delivers what is due for one app; `{ clientId }` is its payload. */
export const deliveryJob = 'deliver-logout-notices';

const enqueue = sql`
  select graphile_worker.add_job($1, json_build_object('clientId', $2::text), run_at := $3,
    job_key := $1 || ' ' || $2, job_key_mode := $4, max_attempts := 1)`;

/** Now: there is something to deliver. One job per app waits at a time; a job at work makes room for the next one. */
export async function enqueueDelivery(db: Database, clientId: string): Promise<void> {
  await db.writeApart(enqueue, [deliveryJob, clientId, new Date(), 'replace']);
}

/** Later, unless the job waits for another time already. */
export async function enqueueDeliveryAt(db: Database, clientId: string, at: Date): Promise<void> {
  await db.writeApart(enqueue, [deliveryJob, clientId, at, 'preserve_run_at']);
}
