/** The timetable, and what is done with each kind of job. */
import { openAuditMonths } from './audit/audit-repository.ts';
import { rotateSigningKeys } from './keys/rotate-signing-keys.ts';
import { deliveryJob } from './notices/logout-notice.ts';
import type { DeliveryServices } from './oidc/delivery/deliver-logout-notice.ts';
import { createDeliveries, type Deliveries } from './oidc/delivery/deliver-logout-notices.ts';
import { removeDeadJobs, startJobs, type JobHandler, type Jobs, type Task } from './platform/jobs.ts';
import type { Keyring } from './platform/secrets.ts';
import type { LivePolicy } from './policy/live-policy.ts';
import { endExpiredSessions } from './sessions/end-session.ts';
import { purgeExpired } from './tokens/purge.ts';

export interface BackgroundServices extends DeliveryServices {
  keyring: Keyring;
  policy: LivePolicy;
}

const timetable = ({ db, keyring, policy }: BackgroundServices): Task[] => [
  { name: 'end-expired-sessions', when: '* * * * *', run: () => endExpiredSessions(db) },
  { name: 'purge-expired', when: '*/10 * * * *', run: () => purgeExpired(db) },
  { name: 'rotate-signing-keys', when: '7 * * * *', run: () => rotateSigningKeys({ db, keyring, policy: policy.now }) },
  { name: 'open-audit-months', when: '23 3 * * *', run: () => openAuditMonths(db) },
  { name: 'remove-dead-jobs', when: '41 3 * * *', run: () => removeDeadJobs(db.url) },
];

// The calls themselves do not run as jobs: apps that are slow would hold up the queue for all.
const handlers = (deliveries: Deliveries): Record<string, JobHandler> => ({
  [deliveryJob]: async (payload) => deliveries.wake((payload as { clientId: string }).clientId),
});

/** Notices that are to be tried again, and those that a process had taken on when it died. */
const sweepSeconds = 1;

export async function startBackground(services: BackgroundServices): Promise<Jobs> {
  const { db, log } = services;
  const deliveries = createDeliveries(services);
  const jobs = await startJobs({ url: db.url, log, handlers: handlers(deliveries), timetable: timetable(services) });
  const timer = setInterval(() => {
    deliveries.sweep().catch((error: unknown) => log.warn({ err: error }, 'sweep failed'));
  }, sweepSeconds * 1000);
  return {
    async stop() {
      clearInterval(timer);
      await jobs.stop();
      await deliveries.stop();
    },
  };
}
