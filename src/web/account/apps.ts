/** `/account/apps`: connected apps, what each may see, and removing one. */
import { listConnectedApps } from '../../sessions/connected-app-repository.ts';
import { removeApp } from '../../sessions/remove-app.ts';
import { Refusal } from '../../errors.ts';
import { seeOther } from '../page.ts';
import { toPermissionView, timeOf } from '../view-models.ts';
import { pathParameter, type Handler } from '../route.ts';
import type { Services } from '../services.ts';
import { signedInOf, type ShowAccountPage } from './guard.ts';

export const showApps =
  ({ db }: Services, show: ShowAccountPage): Handler =>
  async (ctx) => {
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
  };

/** Removes an app from the account; the app is notified. */
export const remove =
  ({ db }: Services): Handler =>
  async (ctx) => {
    const { account } = signedInOf(ctx);
    const id = pathParameter(ctx, 'id');
    const isConnected = (await listConnectedApps(db, account.id)).some(({ clientId }) => clientId === id);
    if (!isConnected) throw new Refusal('not_found');
    await removeApp(db, account.id, id);
    seeOther(ctx, '/account/apps');
  };
