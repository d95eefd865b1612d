/** Replaces responses of oidc-provider that submit a form by an inline script. */
import type { Context } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { Refusal } from '../errors.ts';
import { afterSignOut } from './sign-out-pages.ts';

/**
 * A logout request without a session is redirected at once: to the app, or to the page after a sign-out. A sign-in that finds the session of another person, who
 * signed in meanwhile in another tab, is refused.
 *
 * @throws Refusal `session_ended`
 */
export function replaceAutoSubmitForms(ctx: Context, issuer: string): void {
  const { oidc } = ctx as KoaContextWithOIDC;
  const { route, session } = (oidc ?? {}) as { route?: string; session?: KoaContextWithOIDC['oidc']['session'] };
  if (ctx.status !== 200 || !session) return;
  const asked = (session.state ?? {}) as { postLogoutRedirectUri?: string; state?: string; clientId?: string };
  if (route === 'resume' && asked.postLogoutRedirectUri?.startsWith(`${issuer}/oauth/authorize/`)) {
    throw new Refusal('session_ended');
  }
  if (route !== 'end_session' || session.accountId !== undefined) return;
  // Nobody vouches for an app that registered itself, and anybody can make this link: the page after a sign-out names
  // the app, and does not redirect to it.
  const isVouchedFor = oidc.client?.['self_registered'] !== true || oidc.entities.IdTokenHint !== undefined;
  ctx.status = 303;
  ctx.redirect(new URL(afterSignOut(isVouchedFor ? asked : { clientId: asked.clientId }), issuer).href);
}
