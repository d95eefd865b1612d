/** The timetable, and what is done with each kind of job. */
import { openAuditMonths } from './audit/audit-repository.ts';
import { rotateSigningKeys } from './keys/rotate-signing-keys.ts';
import { listClientsWithDueNotices } from './notices/logout-notice-repository.ts';
import { deliveryJob, enqueueDelivery } from './notices/queue-repository.ts';
import { deliverLogoutNotices, type DeliveryServices } from './oidc/deliver-logout-notices.ts';
import { startJobs, type JobHandler, type Jobs, type Task } from './platform/jobs.ts';
import type { Keyring } from './platform/secrets.ts';
import type { LivePolicy } from './policy/live-policy.ts';
import { endExpiredSessions } from './sessions/end-expired-sessions.ts';
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
];

const handlers = (services: BackgroundServices): Record<string, JobHandler> => ({
  [deliveryJob]: (payload) => deliverLogoutNotices(services, (payload as { clientId: string }).clientId),
});

const sweepSeconds = 5;

/** Notices that a process had taken on when it died are due again; whoever looks first puts them back into the queue. */
async function sweep({ db }: BackgroundServices): Promise<void> {
  for (const clientId of await listClientsWithDueNotices(db)) await enqueueDelivery(db, clientId);
}

export async function startBackground(services: BackgroundServices): Promise<Jobs> {
  const { db, log } = services;
  const jobs = await startJobs({ url: db.url, log, handlers: handlers(services), timetable: timetable(services) });
  const timer = setInterval(() => {
    sweep(services).catch((error: unknown) => log.warn({ err: error }, 'sweep failed'));
  }, sweepSeconds * 1000);
  return {
    async stop() {
      clearInterval(timer);
      await jobs.stop();
    },
  };
}
