/** Shows a view as the response. */
import type { Context } from 'koa';
import type { ShowPage } from '../oidc/protocol-pages.ts';
import type { Views } from '../platform/views.ts';
import { allowFormsToLeadOut } from './middleware/security-headers.ts';
import { stateOf } from './services.ts';

export const createShowPage =
  (views: Views): ShowPage =>
  (ctx: Context, view, values, { status = 200, leadsOut = false } = {}) => {
    ctx.status = status;
    ctx.type = 'html';
    // Pages are about one person's sign-in.
    ctx.set('Cache-Control', 'no-store');
    if (leadsOut) allowFormsToLeadOut(ctx);
    ctx.body = views.render(view, { requestId: stateOf(ctx).requestId, status, ...values });
  };

/** Redirects after a form: the browser gets the next page by GET (303, RFC 9110 §15.4.4). */
export function seeOther(ctx: Context, address: string): void {
  ctx.status = 303;
  ctx.redirect(address);
}
