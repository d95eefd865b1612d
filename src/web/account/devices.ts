/** `/account/devices`: where the person is signed in, and signing out there. */
import type Router from '@koa/router';
import { listClientNames } from '../../clients/client-repository.ts';
import { ownClientId } from '../../clients/own-client.ts';
import { describeDevice } from '../../sessions/device.ts';
import { endAccountSession, endAccountSessions } from '../../sessions/end-session.ts';
import { listSessions } from '../../sessions/session-repository.ts';
import { seeOther } from '../page.ts';
import type { Services } from '../services.ts';
import type { SignOut } from '../sign-out/sign-out.ts';
import { timeOf } from '../view-models.ts';
import { signedInOf, type ShowAccountPage } from './guard.ts';

export function devicesPage(router: Router, { db }: Services, show: ShowAccountPage, signOut: SignOut): void {
  router.get('/account/devices', async (ctx) => {
    const { account, sessionUid } = signedInOf(ctx);
    const sessions = await listSessions(db, account.id);
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
    const [current, others] = [true, false].map((is) => devices.filter(({ isCurrent }) => isCurrent === is));
    show(ctx, 'account/devices', { devices: [...current!, ...others!], hasOthers: others!.length > 0 });
  });

  router.post('/account/devices/end-others', async (ctx) => {
    const { account, sessionUid } = signedInOf(ctx);
    await endAccountSessions(db, account.id, 'ended_from_another_device', sessionUid);
    seeOther(ctx, '/account/devices');
  });

  router.post('/account/devices/end-all', async (ctx) => {
    const { account, sessionUid } = signedInOf(ctx);
    await endAccountSessions(db, account.id, 'ended_from_another_device', sessionUid);
    await signOut.here(ctx, sessionUid);
  });

  router.post('/account/devices/:uid/end', async (ctx) => {
    const { account, sessionUid } = signedInOf(ctx);
    const { uid = '' } = ctx.params as { uid?: string };
    if (uid === sessionUid) return signOut.here(ctx, uid);
    await endAccountSession(db, account.id, uid, 'ended_from_another_device');
    seeOther(ctx, '/account/devices');
  });

  router.post('/account/sign-out', async (ctx) => signOut.here(ctx, signedInOf(ctx).sessionUid));
}
