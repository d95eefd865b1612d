/** `/account`: overview of devices, apps and recent events. */
import { listSignIns } from '../../audit/audit-repository.ts';
import { listConnectedApps } from '../../sessions/connected-app-repository.ts';
import { countSessions } from '../../sessions/session-repository.ts';
import { summarizeFailedSignIns } from '../../sign-in/failed-sign-ins.ts';
import type { Handler } from '../route.ts';
import type { Services } from '../services.ts';
import { timeOf } from '../view-models.ts';
import { signedInOf, type ShowAccountPage } from './guard.ts';

/** Failed sign-ins are shown for this long. */
const recentMilliseconds = 7 * 24 * 60 * 60 * 1000;

/** Maximum number of sessions and of apps that are counted. */
const maxCount = 100;

const boundedCount = (count: number) => ({ count: Math.min(count, maxCount), isMore: count > maxCount });

export const showOverview =
  ({ db }: Services, show: ShowAccountPage): Handler =>
  async (ctx) => {
    const { account } = signedInOf(ctx);
    const [sessions, apps, signIns] = await Promise.all([
      countSessions(db, account.id, { limit: maxCount + 1 }),
      listConnectedApps(db, account.id, maxCount + 1),
      listSignIns(db, account.id, new Date(Date.now() - recentMilliseconds)),
    ]);
    const { unexplained, afterMany } = summarizeFailedSignIns(signIns);
    show(ctx, 'account/overview', {
      devices: boundedCount(sessions),
      apps: boundedCount(apps.length),
      failed: unexplained && { ...unexplained, time: timeOf(unexplained.lastAt) },
      guessed: afterMany && { ...afterMany, time: timeOf(afterMany.at) },
      since: timeOf(account.createdAt),
    });
  };
