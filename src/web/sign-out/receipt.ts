/** `/sign-out/receipt/:token`: which apps were notified of a sign-out. The page reloads while any is still pending. */
import { findCachedClient } from '../../clients/client-repository.ts';
import { Refusal } from '../../errors.ts';
import { listNoticesOfSessions } from '../../notices/logout-notice-repository.ts';
import { isSeenByPerson, type LogoutNotice } from '../../notices/logout-notice.ts';
import { findReceipt } from '../../notices/receipt-repository.ts';
import { allowFrames } from '../middleware/security-headers.ts';
import { toNoticeView } from '../view-models.ts';
import { createShowPage } from '../page.ts';
import { pathParameter, type Handler } from '../route.ts';
import type { Services } from '../services.ts';
import { receiptKind } from './sign-out.ts';

/** Maximum time that a receipt waits for deliveries before it redirects to the app. */
const maxWaitSeconds = 8;
const reloadSeconds = 2;
/**
 * How long a receipt on which every app confirmed is shown before it redirects to the app. Any other receipt is shown
 * at least as long, and for `maxWaitSeconds` in total.
 */
const readSeconds = 3;

/** Address of the frame that signs out at an app (OpenID Connect Front-Channel Logout 1.0 §2). */
function frameFor(issuer: string, uri: unknown, { sid }: LogoutNotice): string | undefined {
  if (typeof uri !== 'string') return undefined;
  const address = new URL(uri);
  address.searchParams.set('iss', issuer);
  if (sid !== undefined) address.searchParams.set('sid', sid);
  return address.href;
}

export function showReceipt({ db, issuer, keyring, views }: Services): Handler {
  const show = createShowPage(views);

  return async (ctx) => {
    const token = pathParameter(ctx, 'token');
    const receipt = await findReceipt(db, keyring.digests(receiptKind, token));
    if (!receipt) throw new Refusal('receipt_expired');
    const sessionNotices = await listNoticesOfSessions(db, [receipt.sessionUid]);
    const notices = sessionNotices.filter((notice) => !isSeenByPerson(notice, receipt.clientId));
    const apps = await Promise.all(
      notices.map(async (notice) => {
        const client = await findCachedClient(db, notice.clientId);
        const uri = notice.channel === 'front' ? client?.metadata['frontchannel_logout_uri'] : undefined;
        const name = client?.metadata.client_name ?? notice.clientId;
        return { name, frame: frameFor(issuer, uri, notice), ...toNoticeView(notice) };
      }),
    );
    // The frames are loaded once, not at each reload.
    const isFirst = ctx.query['again'] === undefined;
    const frames = isFirst ? apps.flatMap(({ frame }) => frame ?? []) : [];
    allowFrames(ctx, frames);
    const isSettled = apps.every(({ state }) => state !== 'pending');
    const waited = (Date.now() - receipt.createdAt.getTime()) / 1000;
    const isOver = isSettled || waited > maxWaitSeconds;
    const areAllDelivered = apps.every(({ state }) => state === 'delivered');
    const restSeconds = areAllDelivered ? readSeconds : Math.max(readSeconds, Math.ceil(maxWaitSeconds - waited));
    ctx.set('Referrer-Policy', 'no-referrer');
    show(ctx, 'sign-out/receipt', {
      apps,
      frames,
      returnTo: receipt.returnTo,
      refresh: {
        seconds: isOver ? restSeconds : reloadSeconds,
        url: isOver ? receipt.returnTo : `/sign-out/receipt/${token}?again`,
      },
    });
  };
}
