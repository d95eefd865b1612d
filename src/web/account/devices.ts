/** `/account/devices`: the devices on which the person is signed in, and signing out there. */
import { listClientNames } from '../../clients/client-repository.ts';
import { ownClientId } from '../../clients/own-client.ts';
import { describeDevice } from '../../sessions/device.ts';
import { endAccountSession, endAccountSessions } from '../../sessions/end-session.ts';
import { findSessionByUid, listSessions } from '../../sessions/session-repository.ts';
import { seeOther } from '../page.ts';
import { pathParameter, type Handler } from '../route.ts';
import type { Services } from '../services.ts';
import type { SignOut } from '../sign-out/sign-out.ts';
import { timeOf } from '../view-models.ts';
import { signedInOf, type ShowAccountPage } from './guard.ts';

const pageSize = 50;

/** Shows a page of the devices. On the first page the current device comes first. */
export const showDevices =
  ({ db }: Services, show: ShowAccountPage): Handler =>
  async (ctx) => {
    const { account, sessionUid } = signedInOf(ctx);
    const after = typeof ctx.query['after'] === 'string' ? ctx.query['after'] : undefined;
    const listed = await listSessions(db, account.id, pageSize, after);
    const current = after === undefined ? await findSessionByUid(db, sessionUid) : undefined;
    const others = listed.filter(({ uid }) => uid !== sessionUid);
    const sessions = current ? [current, ...others] : others;
    const names = await listClientNames(
      db,
      sessions.flatMap(({ authorizations }) => Object.keys(authorizations)),
    );
    const devices = sessions.map((session) => ({
      uid: session.uid,
      name: describeDevice(session.userAgent),
      ip: session.ip,
      signedIn: timeOf(session.signedInAt ?? session.createdAt),
      lastSeen: timeOf(session.lastSeenAt),
      isCurrent: session.uid === sessionUid,
      apps: Object.keys(session.authorizations)
        .filter((id) => id !== ownClientId)
        .map((id) => names.get(id) ?? id),
    }));
    const next = listed.length === pageSize ? listed.at(-1)!.uid : undefined;
    show(ctx, 'account/devices', { devices, hasOthers: others.length > 0, next });
  };

/** Signs the person out on every device but this one. */
export const endOthers =
  ({ db }: Services): Handler =>
  async (ctx) => {
    const { account, sessionUid } = signedInOf(ctx);
    await endAccountSessions(db, account.id, 'ended_from_another_device', sessionUid);
    seeOther(ctx, '/account/devices');
  };

/** Signs the person out everywhere. */
export const endAll =
  ({ db }: Services, signOut: SignOut): Handler =>
  async (ctx) => {
    const { account, sessionUid } = signedInOf(ctx);
    await endAccountSessions(db, account.id, 'ended_from_another_device', sessionUid);
    await signOut.endHere(ctx, sessionUid);
  };

/** Signs the person out on one device. */
export const endOne =
  ({ db }: Services, signOut: SignOut): Handler =>
  async (ctx) => {
    const { account, sessionUid } = signedInOf(ctx);
    const uid = pathParameter(ctx, 'uid');
    if (uid === sessionUid) return signOut.endHere(ctx, uid);
    await endAccountSession(db, account.id, uid, 'ended_from_another_device');
    seeOther(ctx, '/account/devices');
  };

/** Signs the person out on this device. */
export const endThis =
  (signOut: SignOut): Handler =>
  (ctx) =>
    signOut.endHere(ctx, signedInOf(ctx).sessionUid);
