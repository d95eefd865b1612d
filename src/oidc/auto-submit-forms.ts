/** Replaces responses of oidc-provider that submit a form by an inline script. */
import type { Context } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { Refusal } from '../errors.ts';
import { addressAfterSignOut } from './sign-out-pages.ts';

/**
 * Replaces the form of a logout request while nobody is signed in: redirects to the app, or to the page after a
 * sign-out. Replaces the form of a sign-in that resumes after another person signed in, in another tab: refuses it.
 *
 * @throws Refusal `session_ended` when another person is signed in
 */
export function replaceAutoSubmitForms(ctx: Context, issuer: string): void {
  const { oidc } = ctx as KoaContextWithOIDC;
  const { route, session } = (oidc ?? {}) as { route?: string; session?: KoaContextWithOIDC['oidc']['session'] };
  if (ctx.status !== 200 || !session) return;
  const logout = (session.state ?? {}) as { postLogoutRedirectUri?: string; state?: string; clientId?: string };
  if (route === 'resume' && logout.postLogoutRedirectUri?.startsWith(`${issuer}/oauth/authorize/`)) {
    throw new Refusal('session_ended');
  }
  if (route !== 'end_session' || session.accountId !== undefined) return;
  // Nobody vouches for an app that registered itself, and anybody can link to this endpoint with its `client_id`:
  // without `id_token_hint` the browser is not redirected to such an app, but to the page after a sign-out, which names
  // it.
  const mayRedirectToApp = oidc.client?.['self_registered'] !== true || oidc.entities.IdTokenHint !== undefined;
  ctx.status = 303;
  ctx.redirect(new URL(addressAfterSignOut(mayRedirectToApp ? logout : { clientId: logout.clientId }), issuer).href);
}
