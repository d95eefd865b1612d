/** Replaces responses of oidc-provider that submit a form by an inline script. */
import type { Context } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { Refusal } from '../errors.ts';

/**
 * A logout request without a session is redirected at once. A sign-in that finds the session of another person, who
 * signed in meanwhile in another tab, is refused.
 *
 * @throws Refusal `session_ended`
 */
export function replaceAutoSubmitForms(ctx: Context, issuer: string): void {
  const { oidc } = ctx as KoaContextWithOIDC;
  const { route, session } = (oidc ?? {}) as { route?: string; session?: KoaContextWithOIDC['oidc']['session'] };
  if (ctx.status !== 200 || !session) return;
  const { postLogoutRedirectUri, state } = (session.state ?? {}) as Record<string, string | undefined>;
  if (route === 'resume' && postLogoutRedirectUri?.startsWith(`${issuer}/oauth/authorize/`)) {
    throw new Refusal('session_ended');
  }
  if (route !== 'end_session' || session.accountId !== undefined) return;
  const next = new URL(postLogoutRedirectUri ?? '/oauth/logout/success', issuer);
  if (postLogoutRedirectUri !== undefined && state !== undefined) next.searchParams.set('state', state);
  ctx.status = 303;
  ctx.redirect(next.href);
}
