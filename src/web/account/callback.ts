/** `/account/callback`, and the way there: people sign in to their account pages as they do to any app. */
import { createHash } from 'node:crypto';
import type { Context } from 'koa';
import { ownClientId, ownRedirectUri } from '../../clients/own-client.ts';
import { randomToken } from '../../platform/secrets.ts';
import { createFormTokens } from '../form.ts';
import { seeOther } from '../page.ts';
import type { Handler } from '../route.ts';
import type { Services } from '../services.ts';

/** Pages that a sign-in may lead to. Everything else, and anything that only looks like a path, leads to the first. */
export const internalPath = (path: string | undefined): string =>
  path !== undefined && /^\/account(\/[a-z-]+)?$/.test(path) ? path : '/account';

export interface AccountSignIn {
  /** Sends the browser to sign in, and back to this page afterwards. */
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
        // The session is what is wanted, not the code: nobody keeps the verifier, so nobody can ever use it.
        code_challenge: createHash('sha256').update(randomToken()).digest('base64url'),
        code_challenge_method: 'S256',
        state: `${path}.${tokens.issue(ctx, purposeOf(path))}`,
      });
      seeOther(ctx, `/oauth/authorize?${query.toString()}`);
    },
  };
}

/** Takes the answer of that sign-in, and leads on to the page it was started for. */
export function finishSignIn(services: Services): Handler {
  const tokens = createFormTokens(services);
  return (ctx) => {
    const { state, error } = ctx.query;
    const [path = '', token = ''] = typeof state === 'string' ? state.split('.') : [];
    // Who cancelled, or comes with an answer to somebody else's question, is not led on.
    const isOurs = tokens.isValid(ctx, new Map([['csrf', token]]), purposeOf(path));
    seeOther(ctx, isOurs && error === undefined ? internalPath(path) : '/');
  };
}
