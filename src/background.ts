/** Work of each process beside requests: scheduled tasks, jobs, and the delivery of logout notices. */
import { finishEndings } from './accounts/finish-endings.ts';
import { createAuditPartitions } from './audit/audit-repository.ts';
import { finishClientRemovals } from './clients/remove-client.ts';
import { rotateSigningKeys } from './keys/rotate-signing-keys.ts';
import { deliveryJob } from './notices/logout-notice.ts';
import type { DeliveryServices } from './oidc/delivery/deliver-logout-notice.ts';
import { createDeliveries, type Deliveries } from './oidc/delivery/deliver-logout-notices.ts';
import { openDatabase } from './platform/database.ts';
import { deleteFailedJobs, startJobs, type JobHandler, type Jobs, type Task } from './platform/jobs.ts';
import type { Keyring } from './platform/secrets.ts';
import type { LivePolicy } from './policy/live-policy.ts';
import { endExpiredSessions } from './sessions/end-session.ts';
import { purgeExpired } from './tokens/purge.ts';

export interface BackgroundServices extends DeliveryServices {
  keyring: Keyring;
  policy: LivePolicy;
}

/** @param signal aborted when the server stops */
const tasksOf = ({ db, keyring, policy }: BackgroundServices, signal: AbortSignal): Task[] => [
  { name: 'end-expired-sessions', schedule: '* * * * *', run: () => endExpiredSessions(db, signal) },
  { name: 'purge-expired', schedule: '*/10 * * * *', run: () => purgeExpired(db, { signal }) },
  {
    name: 'rotate-signing-keys',
    schedule: '7 * * * *',
    run: () => rotateSigningKeys({ db, keyring, policy: policy.current }),
  },
  { name: 'open-audit-months', schedule: '23 3 * * *', run: () => createAuditPartitions(db) },
  { name: 'delete-failed-jobs', schedule: '41 3 * * *', run: () => deleteFailedJobs(db.url) },
];

// A job only starts the deliveries of an app. If the calls themselves were jobs, slow ones would delay all other apps.
const handlersOf = (deliveries: Deliveries): Record<string, JobHandler> => ({
  [deliveryJob]: async (payload) => deliveries.wake((payload as { clientId: string }).clientId),
});

/** How often each process looks for due notices (retries, another process died during an attempt) and pending endings. */
const sweepSeconds = 1;

export async function startBackground(services: BackgroundServices): Promise<Jobs> {
  const { db, log } = services;
  const onError = (error: Error) => log.warn({ err: error }, 'database connection lost');
  // Tasks have connections and time-outs of their own, apart from those of requests.
  const taskDb = openDatabase({ url: db.url, poolSize: 3, isForJobs: true, onError });
  const stopping = new AbortController();
  const tasks = tasksOf({ ...services, db: taskDb }, stopping.signal);
  const deliveries = createDeliveries(services);
  const jobs = await startJobs({ url: db.url, log, handlers: handlersOf(deliveries), tasks });
  let isFinishing = false;
  /** Finishes what requests and commands have begun, also those whose process was killed. */
  const finishPending = async () => {
    if (isFinishing) return;
    isFinishing = true;
    await finishEndings(taskDb, undefined, stopping.signal)
      .finally(() => finishClientRemovals(taskDb, undefined, stopping.signal))
      .finally(() => (isFinishing = false));
  };
  const timer = setInterval(() => {
    deliveries.sweep().catch((error: unknown) => log.warn({ err: error }, 'the search for due logout notices failed'));
    finishPending().catch((error: unknown) => log.warn({ err: error }, 'pending endings could not be continued'));
  }, sweepSeconds * 1000);
  return {
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await jobs.stop();
      await deliveries.stop();
      await taskDb.close();
    },
  };
}
