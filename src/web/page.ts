/** Shows a view as the response. */
import type { Context } from 'koa';
import type { ShowPage } from '../oidc/protocol-pages.ts';
import type { Views } from '../platform/views.ts';
import { allowFormsToApps } from './middleware/security-headers.ts';
import { stateOf } from './services.ts';

export const createShowPage =
  (views: Views): ShowPage =>
  (ctx: Context, view, values, { status = 200, hasFormsToApp = false } = {}) => {
    ctx.status = status;
    ctx.type = 'html';
    // Pages contain data of one person, so they are never cached.
    ctx.set('Cache-Control', 'no-store');
    if (hasFormsToApp) allowFormsToApps(ctx);
    ctx.body = views.render(view, { requestId: stateOf(ctx).requestId, status, ...values });
  };

/** Redirects with 303, so that the browser loads the address by GET also after a form (RFC 9110 §15.4.4). */
export function seeOther(ctx: Context, address: string): void {
  ctx.status = 303;
  ctx.redirect(address);
}
