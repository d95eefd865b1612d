/** `/account/apps`: connected apps, what each may see, and removing one. */
import type Router from '@koa/router';
import { listConnectedApps } from '../../sessions/connected-app-repository.ts';
import { removeApp } from '../../sessions/remove-app.ts';
import { Refusal } from '../../errors.ts';
import { seeOther } from '../page.ts';
import { toPermissionView, timeOf } from '../view-models.ts';
import type { Services } from '../services.ts';
import { signedInOf, type ShowAccountPage } from './guard.ts';

export function appsPage(router: Router, { db }: Services, show: ShowAccountPage): void {
  router.get('/account/apps', async (ctx) => {
    const connected = await listConnectedApps(db, signedInOf(ctx).account.id);
    const apps = await Promise.all(
      connected.map(async ({ clientId, metadata, isFirstParty, permissions, since, lastUsedAt }) => ({
        id: clientId,
        name: metadata.client_name ?? clientId,
        isFirstParty,
        permissions: await toPermissionView(db, permissions),
        since: timeOf(since),
        lastUsed: timeOf(lastUsedAt),
      })),
    );
    show(ctx, 'account/apps', { apps });
  });

  router.post('/account/apps/:id/remove', async (ctx) => {
    const { account } = signedInOf(ctx);
    const { id = '' } = ctx.params as { id?: string };
    const isConnected = (await listConnectedApps(db, account.id)).some(({ clientId }) => clientId === id);
    if (!isConnected) throw new Refusal('not_found');
    await removeApp(db, account.id, id);
    seeOther(ctx, '/account/apps');
  });
}
