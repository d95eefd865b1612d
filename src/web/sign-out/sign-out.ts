/** After a session has ended: waits a moment for the apps to hear of it, and shows what became of that. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context, Middleware } from 'koa';
import { countUndeliveredNotices, listNoticesOfSessions } from '../../notices/logout-notice-repository.ts';
import { insertReceipt } from '../../notices/receipt-repository.ts';
import { cookieNames } from '../../oidc/cookies.ts';
import type { ProtocolState } from '../../oidc/provider.ts';
import { randomToken } from '../../platform/secrets.ts';
import { endSessions } from '../../sessions/end-session.ts';
import { seeOther } from '../page.ts';
import type { Services } from '../services.ts';

export const signedOutPath = '/oauth/logout/success';
const waitMilliseconds = 1_000;
const lookMilliseconds = 25;

/** Digest under which a receipt is kept: its address is worth something to whoever reads the database. */
export const receiptKind = 'receipt';

export interface SignOut {
  /** Ends this browser's session from a page of ours. */
  here(ctx: Context, sessionUid: string): Promise<void>;
  /** Stands around the unit of work: by then the end is committed, and others can act on it. */
  middleware: Middleware;
}

export function createSignOut({ db, issuer, keyring }: Services): SignOut {
  async function waitForDeliveries(sessionUid: string): Promise<boolean> {
    const deadline = Date.now() + waitMilliseconds;
    for (;;) {
      if ((await countUndeliveredNotices(db, sessionUid)) === 0) return true;
      if (Date.now() >= deadline) return false;
      await sleep(lookMilliseconds);
    }
  }

  /** Where to send the browser: straight on when there is nothing to say, else to the receipt. */
  async function nextFor(sessionUid: string, returnTo: string): Promise<string> {
    const isTold = await waitForDeliveries(sessionUid);
    const notices = await listNoticesOfSessions(db, [sessionUid]);
    if (isTold && notices.every(({ channel }) => channel !== 'front')) return returnTo;
    const token = randomToken();
    const isApp = !returnTo.startsWith(`${issuer}/`) && !returnTo.startsWith('/');
    await db.inUnitOfWork(async () => {
      const receipt = { sessionUid, returnTo: isApp ? returnTo : undefined };
      insertReceipt(db, keyring.digest(receiptKind, token), receipt);
    });
    return `/sign-out/receipt/${token}`;
  }

  return {
    async here(ctx, sessionUid) {
      await endSessions(db, [sessionUid], 'signed_out');
      (ctx.state as ProtocolState).endedSessionUid = sessionUid;
      ctx.cookies.set(cookieNames(issuer).session, null, { httpOnly: true, sameSite: 'lax', signed: true });
      seeOther(ctx, signedOutPath);
    },

    async middleware(ctx, next) {
      await next();
      const { endedSessionUid: uid } = ctx.state as ProtocolState;
      if (uid === undefined || ctx.status !== 303) return;
      ctx.set('Location', await nextFor(uid, ctx.response.get('Location')));
    },
  };
}
