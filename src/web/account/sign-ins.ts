/** `/account/sign-ins/:id`: asks whether the person signed in then, and revokes all access if it was not them. */
import type { Context } from 'koa';
import { findSignIn, type RecordedEvent } from '../../audit/audit-repository.ts';
import { Refusal } from '../../errors.ts';
import { describeDevice } from '../../sessions/device.ts';
import { revokeAllAccess } from '../../sessions/end-session.ts';
import { countSessions, listSessionsBegunAt } from '../../sessions/session-repository.ts';
import type { Session } from '../../sessions/session.ts';
import { seeOther } from '../page.ts';
import { pathParameter, type Handler } from '../route.ts';
import type { Services } from '../services.ts';
import type { SignOut } from '../sign-out/sign-out.ts';
import { timeOf } from '../view-models.ts';
import { isEventId } from './event-id.ts';
import { signedInOf, type ShowAccountPage } from './guard.ts';

/** Maximum difference between the times of a sign-in: its event is recorded first, its session has whole seconds. */
const maxDifferenceSeconds = 5;

/** The live session that began with a sign-in: the one on the same kind of device with the nearest time. */
function sessionOf({ at, detail }: RecordedEvent, sessions: Session[]): Session | undefined {
  const difference = ({ signedInAt }: Session) => Math.abs((signedInAt?.getTime() ?? 0) - at.getTime());
  const candidates = sessions.filter((session) => describeDevice(session.userAgent) === detail['device']);
  return candidates.toSorted((a, b) => difference(a) - difference(b))[0];
}

/** The sign-in that the address names, and its session. @throws Refusal `not_found` */
async function findRequestedSignIn({ db }: Services, ctx: Context) {
  const { account, sessionUid } = signedInOf(ctx);
  const id = pathParameter(ctx, 'id');
  const event = isEventId(id) ? await findSignIn(db, account.id, id) : undefined;
  if (!event) throw new Refusal('not_found');
  const session = sessionOf(event, await listSessionsBegunAt(db, account.id, event.at, maxDifferenceSeconds));
  return { event, session, isHere: session?.uid === sessionUid, accountId: account.id, sessionUid };
}

export const showSignIn =
  (services: Services, show: ShowAccountPage): Handler =>
  async (ctx) => {
    const { event, session, isHere, accountId } = await findRequestedSignIn(services, ctx);
    show(ctx, 'account/sign-in', {
      signIn: { id: event.id, device: event.detail['device'], ip: event.ip, time: timeOf(event.at) },
      isHere,
      isSessionEnded: session === undefined,
      hasOthers: (await countSessions(services.db, accountId, { limit: 2 })) > 1,
    });
  };

/**
 * Signs the person out on every device but this one, and revokes the grants of apps with offline access. When the
 * sign-in was on this device, it is signed out too.
 */
export const revokeAccess =
  (services: Services, signOut: SignOut): Handler =>
  async (ctx) => {
    const { event, isHere, accountId, sessionUid } = await findRequestedSignIn(services, ctx);
    await revokeAllAccess(services.db, accountId, 'ended_from_another_device', sessionUid);
    if (isHere) return signOut.endHere(ctx, sessionUid);
    seeOther(ctx, `/account/sign-ins/${event.id}`);
  };
