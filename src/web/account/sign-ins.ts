/** `/account/sign-ins/:id`: "Was this you?", and shutting out whoever it was. */
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
import { signedInOf, type ShowAccountPage } from './guard.ts';

/** The event is recorded a moment before the session begins, whose time has whole seconds. */
const maxApartSeconds = 5;

/** The session that began with a sign-in, when it goes on: on such a device, begun at that time. */
function sessionOf({ at, detail }: RecordedEvent, sessions: Session[]): Session | undefined {
  const apart = ({ signedInAt }: Session) => Math.abs((signedInAt?.getTime() ?? 0) - at.getTime());
  const candidates = sessions.filter((session) => describeDevice(session.userAgent) === detail['device']);
  return candidates.toSorted((one, other) => apart(one) - apart(other))[0];
}

const isId = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);

/** @throws Refusal `not_found` */
async function find({ db }: Services, ctx: Context) {
  const { account, sessionUid } = signedInOf(ctx);
  const id = pathParameter(ctx, 'id');
  const event = isId(id) ? await findSignIn(db, account.id, id) : undefined;
  if (!event) throw new Refusal('not_found');
  const session = sessionOf(event, await listSessionsBegunAt(db, account.id, event.at, maxApartSeconds));
  return { event, session, isHere: session?.uid === sessionUid, accountId: account.id, sessionUid };
}

export const showSignIn =
  (services: Services, show: ShowAccountPage): Handler =>
  async (ctx) => {
    const { event, session, isHere, accountId } = await find(services, ctx);
    show(ctx, 'account/sign-in', {
      signIn: { id: event.id, device: event.detail['device'], ip: event.ip, time: timeOf(event.at) },
      isHere,
      isOver: session === undefined,
      hasOthers: (await countSessions(services.db, accountId, 2)) > 1,
    });
  };

/**
 * Signs the person out on every device but this one, and revokes what apps may do while they are away. When the sign-in
 * was on this device, it is signed out too.
 */
export const revokeAccess =
  (services: Services, signOut: SignOut): Handler =>
  async (ctx) => {
    const { event, isHere, accountId, sessionUid } = await find(services, ctx);
    await revokeAllAccess(services.db, accountId, 'ended_from_another_device', sessionUid);
    if (isHere) return signOut.here(ctx, sessionUid);
    seeOther(ctx, `/account/sign-ins/${event.id}`);
  };
