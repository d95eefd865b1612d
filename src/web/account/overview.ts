/** `/account`: overview of devices, apps and recent events. */
import { listAccountEvents } from '../../audit/audit-repository.ts';
import { listConnectedApps } from '../../sessions/connected-app-repository.ts';
import { listSessions } from '../../sessions/session-repository.ts';
import type { Handler } from '../route.ts';
import type { Services } from '../services.ts';
import { timeOf } from '../view-models.ts';
import { signedInOf, type ShowAccountPage } from './guard.ts';

/** Failed sign-ins are shown for this long. */
const recentMilliseconds = 7 * 24 * 60 * 60 * 1000;

export const showOverview =
  ({ db }: Services, show: ShowAccountPage): Handler =>
  async (ctx) => {
    const { account } = signedInOf(ctx);
    const [sessions, apps, events] = await Promise.all([
      listSessions(db, account.id),
      listConnectedApps(db, account.id),
      listAccountEvents(db, account.id, { limit: 50 }),
    ]);
    const failed = events.filter(
      ({ kind, at }) => kind === 'sign-in.failed' && at.getTime() > Date.now() - recentMilliseconds,
    );
    show(ctx, 'account/overview', {
      devices: sessions.length,
      apps: apps.length,
      lastFailed: failed[0] && { count: failed.length, time: timeOf(failed[0].at) },
      since: timeOf(account.createdAt),
    });
  };
