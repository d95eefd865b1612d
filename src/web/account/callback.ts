/** `/account/callback`: people sign in to their account pages by an ordinary authorization request. */
import { createHash } from 'node:crypto';
import type { Context } from 'koa';
import { ownClientId, ownRedirectUri } from '../../clients/own-client.ts';
import { randomToken } from '../../platform/secrets.ts';
import { createFormTokens } from '../form.ts';
import { seeOther } from '../page.ts';
import type { Handler } from '../route.ts';
import type { Services } from '../services.ts';

/** The path if it is that of an account page, otherwise `/account`: never another site (`//host`, `/\\host`). */
export const internalPath = (path: string | undefined): string =>
  path !== undefined && /^\/account(\/[a-z-]+(\/[0-9a-f-]{36})?)?$/.test(path) ? path : '/account';

export interface AccountSignIn {
  /** Redirects to the sign-in; afterwards the person is redirected to `returnTo`, a path. */
  start(ctx: Context, returnTo: string): void;
}

const purposeOf = (path: string) => `own sign-in ${path}`;

export function createAccountSignIn(services: Services): AccountSignIn {
  const tokens = createFormTokens(services);
  return {
    start(ctx, returnTo) {
      const path = internalPath(returnTo);
      const query = new URLSearchParams({
        client_id: ownClientId,
        redirect_uri: ownRedirectUri(services.issuer),
        response_type: 'code',
        scope: 'openid',
        // Only the session of the sign-in is used. The verifier is not stored, so the code can never be exchanged.
        code_challenge: createHash('sha256').update(randomToken()).digest('base64url'),
        code_challenge_method: 'S256',
        state: `${path}.${tokens.issue(ctx, purposeOf(path))}`,
      });
      seeOther(ctx, `/oauth/authorize?${query.toString()}`);
    },
  };
}

/** Handles the authorization response: redirects to the account page that the sign-in was started for. */
export function finishSignIn(services: Services): Handler {
  const tokens = createFormTokens(services);
  return (ctx) => {
    const { state, error } = ctx.query;
    const [path = '', token = ''] = typeof state === 'string' ? state.split('.') : [];
    // With a `state` of another browser, and after a sign-in that was cancelled or failed, the start page is shown.
    const isStateValid = tokens.isValid(ctx, new Map([['csrf', token]]), purposeOf(path));
    if (!isStateValid) return seeOther(ctx, '/');
    seeOther(ctx, error === undefined ? internalPath(path) : '/?cancelled');
  };
}
