/** Delivers logout notices to one app, as OpenID Connect Back-Channel Logout 1.0 §2.5 wants. */
import { recordEvent } from '../audit/audit-repository.ts';
import { claimNotices, nextAttemptAt, noticeDelivered, noticeFailed } from '../notices/logout-notice-repository.ts';
import { claimSeconds, pauseSeconds, type LogoutNotice } from '../notices/logout-notice.ts';
import { enqueueDeliveryAt } from '../notices/queue-repository.ts';
import { findReceiverState, receiverAnswered, receiverFailed, takeProbe } from '../notices/receiver-repository.ts';
import type { Database } from '../platform/database.ts';
import type { Log } from '../platform/log.ts';
import { OutgoingFailed, type Outgoing } from '../platform/outgoing.ts';
import type { Oidc } from './live-provider.ts';

export interface DeliveryServices {
  db: Database;
  log: Log;
  outgoing: Outgoing;
  oidc: Pick<Oidc, 'logoutToken'>;
}

const mostAtOnce = 10;

/** How an attempt went; `silent` means that the app did not answer at all. */
type Attempt = 'delivered' | 'refused' | 'silent';

async function send({ oidc, outgoing }: DeliveryServices, notice: LogoutNotice): Promise<string | undefined> {
  const logout = await oidc.logoutToken(notice.clientId, notice.accountId, notice.sid);
  if (!logout) return 'gone';
  try {
    const { status } = await outgoing.postForm(logout.uri, { logout_token: logout.token });
    return status === 200 || status === 204 ? undefined : `status_${status}`;
  } catch (error) {
    if (error instanceof OutgoingFailed) return error.problem;
    throw error;
  }
}

async function attempt(services: DeliveryServices, notice: LogoutNotice): Promise<Attempt> {
  const { db, log } = services;
  const { id: noticeId, clientId, accountId } = notice;
  const problem = await send(services, notice);
  if (problem === undefined) {
    await noticeDelivered(db, noticeId);
    return 'delivered';
  }
  const againSeconds = pauseSeconds(notice.attempts + 1);
  const isFinal = problem === 'gone' || problem === 'not_allowed';
  const gaveUp = await noticeFailed(db, noticeId, { problem, againSeconds, isFinal });
  log.warn({ noticeId, clientId, problem, attempts: notice.attempts + 1, gaveUp }, 'logout notice not delivered');
  if (gaveUp) {
    const detail = { noticeId, problem };
    await db.inUnitOfWork(async () => recordEvent(db, { kind: 'notice.gave-up', accountId, clientId, detail }));
  }
  return problem === 'timeout' || problem === 'unreachable' ? 'silent' : 'refused';
}

/** An app that does not answer is tried by one call at a time, however many notices wait for it. */
async function deliverBatch(services: DeliveryServices, clientId: string): Promise<boolean> {
  const { db } = services;
  const receiver = await findReceiverState(db, clientId);
  if (receiver && !(await takeProbe(db, clientId, claimSeconds))) {
    await enqueueDeliveryAt(db, clientId, receiver.notBefore);
    return false;
  }
  const notices = await claimNotices(db, clientId, receiver ? 1 : mostAtOnce);
  if (notices.length === 0) return false;
  const attempts = await Promise.all(notices.map((notice) => attempt(services, notice)));
  if (attempts.some((outcome) => outcome !== 'silent')) {
    if (receiver) await receiverAnswered(db, clientId);
    return true;
  }
  const failures = (receiver?.failures ?? 0) + 1;
  await receiverFailed(db, clientId, failures, pauseSeconds(failures));
  await enqueueDeliveryAt(db, clientId, new Date(Date.now() + pauseSeconds(failures) * 1000));
  return false;
}

/** Delivers all that is due for an app, and sees to it that the rest is tried when it is. */
export async function deliverLogoutNotices(services: DeliveryServices, clientId: string): Promise<void> {
  while (await deliverBatch(services, clientId));
  const next = await nextAttemptAt(services.db, clientId);
  if (next) await enqueueDeliveryAt(services.db, clientId, next);
}
