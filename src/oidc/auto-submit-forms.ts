/** Answers of the library that make the browser send a form by a script in the page, in a better way. */
import type { Context } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { Refusal } from '../errors.ts';

/**
 * Who is signed out already and wants to sign out goes on at once. A sign-in that comes upon somebody else's session,
 * which began meanwhile in another tab, is not carried out.
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
