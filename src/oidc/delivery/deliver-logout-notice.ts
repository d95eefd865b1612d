/** Delivers one logout notice (OpenID Connect Back-Channel Logout 1.0 §2.5). */
import { recordEvent } from '../../audit/audit-repository.ts';
import { markNoticeDelivered, markNoticeFailed } from '../../notices/logout-notice-repository.ts';
import { pauseSeconds, type LogoutNotice } from '../../notices/logout-notice.ts';
import type { Database } from '../../platform/database.ts';
import type { Log } from '../../platform/log.ts';
import { allowedHostOf, OutgoingFailed } from '../../platform/outgoing-target.ts';
import type { CallsFor } from '../calls-for.ts';
import type { Oidc } from '../live-provider.ts';

export interface DeliveryServices {
  db: Database;
  log: Log;
  callsFor: CallsFor;
  oidc: Pick<Oidc, 'logoutToken'>;
}

interface Failure {
  problem: string;
  /** What an operator can do about it, for the log. */
  hint?: string;
}

/** @returns why the delivery failed; undefined when the app confirmed it */
async function callApp({ oidc, callsFor }: DeliveryServices, notice: LogoutNotice): Promise<Failure | undefined> {
  const logout = await oidc.logoutToken(notice.clientId, notice.accountId, notice.sid);
  if (!logout) return { problem: 'gone' };
  try {
    const { status } = await callsFor(logout).postForm(logout.uri, { logout_token: logout.token });
    return status === 200 || status === 204 ? undefined : { problem: `status_${status}` };
  } catch (error) {
    if (!(error instanceof OutgoingFailed)) throw error;
    const { problem } = error;
    if (problem !== 'not_allowed') return { problem };
    const hint = logout.isSelfRegistered
      ? 'the app registered itself, so its logout URI must be public and on https'
      : `add ${allowedHostOf(logout.uri)} to OUTGOING_ALLOWED_HOSTS`;
    return { problem, hint };
  }
}

/**
 * Makes one attempt and stores its outcome.
 *
 * @returns `no_response` when the call failed, timed out, or its host had too many calls in the queue; else
 *   `responded`, also when no call was allowed
 */
export async function deliverLogoutNotice(
  services: DeliveryServices,
  notice: LogoutNotice,
): Promise<'responded' | 'no_response'> {
  const { db, log } = services;
  const { id: noticeId, clientId, accountId } = notice;
  const failure = await callApp(services, notice);
  if (!failure) {
    await markNoticeDelivered(db, noticeId);
    return 'responded';
  }
  const { problem } = failure;
  const retryAfterSeconds = pauseSeconds(notice.attempts + 1);
  const isFinal = problem === 'gone' || problem === 'not_allowed';
  const gaveUp = await markNoticeFailed(db, noticeId, { problem, retryAfterSeconds, isFinal });
  log.warn({ noticeId, clientId, ...failure, attempts: notice.attempts + 1, gaveUp }, 'logout notice not delivered');
  if (gaveUp) {
    const detail = { noticeId, problem };
    await db.inUnitOfWork(async () => recordEvent(db, { kind: 'notice.gave-up', accountId, clientId, detail }));
  }
  return /^(timeout|unreachable|host_busy)$/.test(problem) ? 'no_response' : 'responded';
}
