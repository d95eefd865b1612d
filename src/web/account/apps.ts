/** `/account/apps`: connected apps with their permissions, and the removal of an app. */
import { isConnectedApp, listConnectedApps } from '../../sessions/connected-app-repository.ts';
import { removeApp } from '../../sessions/remove-app.ts';
import { Refusal } from '../../errors.ts';
import { seeOther } from '../page.ts';
import { toPermissionView, timeOf } from '../view-models.ts';
import { pathParameter, type Handler } from '../route.ts';
import type { Services } from '../services.ts';
import { signedInOf, type ShowAccountPage } from './guard.ts';

const pageSize = 50;

export const showApps =
  ({ db }: Services, show: ShowAccountPage): Handler =>
  async (ctx) => {
    const after = typeof ctx.query['after'] === 'string' ? ctx.query['after'] : undefined;
    const connected = await listConnectedApps(db, signedInOf(ctx).account.id, pageSize, after);
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
    const next = connected.length === pageSize ? connected.at(-1)!.clientId : undefined;
    show(ctx, 'account/apps', { apps, next });
  };

/** Removes an app from the account; the app is notified. */
export const remove =
  ({ db }: Services): Handler =>
  async (ctx) => {
    const { account } = signedInOf(ctx);
    const id = pathParameter(ctx, 'id');
    if (!(await isConnectedApp(db, account.id, id))) throw new Refusal('not_found');
    await removeApp(db, account.id, id);
    seeOther(ctx, '/account/apps');
  };
