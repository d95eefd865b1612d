/** After a session has ended: waits up to a second for the deliveries, and redirects to a receipt or to the app. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context, Middleware } from 'koa';
import { countUndeliveredNotices, listNoticesOfSessions } from '../../notices/logout-notice-repository.ts';
import { isSeenByPerson, type LogoutNotice } from '../../notices/logout-notice.ts';
import { insertReceipt } from '../../notices/receipt-repository.ts';
import { cookieNames } from '../../oidc/cookies.ts';
import type { ProtocolState } from '../../oidc/protocol-context.ts';
import { givingUpPlace } from '../../platform/current-request.ts';
import { randomToken } from '../../platform/secrets.ts';
import { withinLimit } from '../../platform/time-limit.ts';
import { endSessions } from '../../sessions/end-session.ts';
import { seeOther } from '../page.ts';
import type { Services } from '../services.ts';

export const signedOutPath = '/oauth/logout/success';
const waitMilliseconds = 1_000;
const pollMilliseconds = 25;
/** After this the person is redirected without a receipt: the response must be sent within ten seconds. */
const maxReceiptMilliseconds = 3_000;

/** Kind of the digests of receipts' tokens. */
export const receiptKind = 'receipt';

export interface SignOut {
  /** Ends the session of this browser at the request of an account page, and shows the page after a sign-out. */
  endHere(ctx: Context, sessionUid: string): Promise<void>;
  /** Runs outside the unit of work: it waits after the end of the session is committed, while workers deliver. */
  middleware: Middleware;
}

export function createSignOut({ db, issuer, keyring, log }: Services): SignOut {
  async function waitForDeliveries(sessionUid: string): Promise<boolean> {
    const deadline = Date.now() + waitMilliseconds;
    for (;;) {
      if ((await countUndeliveredNotices(db, sessionUid)) === 0) return true;
      if (Date.now() >= deadline) return false;
      await givingUpPlace(() => sleep(pollMilliseconds));
    }
  }

  /**
   * The address to redirect to: `returnTo` when every app that a receipt would name has confirmed, otherwise a new receipt.
   *
   * @param returnTo address of the app or of the page after a sign-out
   * @param byClientId client that requested the sign-out
   */
  async function nextAddress(sessionUid: string, returnTo: string, byClientId: string | undefined): Promise<string> {
    const isApp = !returnTo.startsWith(`${issuer}/`) && !returnTo.startsWith('/');
    const areAllDelivered = await waitForDeliveries(sessionUid);
    const notices = await listNoticesOfSessions(db, [sessionUid]);
    const clientId = isApp ? byClientId : undefined;
    const needsNoReceipt = (notice: LogoutNotice) => notice.channel === 'back' || isSeenByPerson(notice, clientId);
    if (areAllDelivered && notices.every(needsNoReceipt)) return returnTo;
    const token = randomToken();
    await db.inUnitOfWork(async () => {
      const receipt = { sessionUid, returnTo: isApp ? returnTo : undefined, clientId };
      insertReceipt(db, keyring.digest(receiptKind, token), receipt);
    });
    return `/sign-out/receipt/${token}`;
  }

  return {
    async endHere(ctx, sessionUid) {
      await endSessions(db, [sessionUid], 'signed_out');
      (ctx.state as ProtocolState).endedSessionUid = sessionUid;
      ctx.cookies.set(cookieNames(issuer).session, null, { httpOnly: true, sameSite: 'lax', signed: true });
      seeOther(ctx, signedOutPath);
    },

    async middleware(ctx, next) {
      await next();
      const { endedSessionUid: uid, endedByClientId, requestId } = ctx.state as ProtocolState;
      if (uid === undefined || ctx.status !== 303) return;
      try {
        const address = nextAddress(uid, ctx.response.get('Location'), endedByClientId);
        ctx.set('Location', await withinLimit(address, maxReceiptMilliseconds));
      } catch (error) {
        // The end of the session is committed already, so the redirect stays as it was, without a receipt.
        log.warn({ err: error, requestId }, 'no receipt could be written for a sign-out');
      }
    },
  };
}
