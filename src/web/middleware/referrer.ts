/** Where the address itself carries a token, no page it leads to may see it. */
import type { Middleware } from 'koa';

/** The sign-out endpoint takes an ID token in its address (OpenID Connect RP-Initiated Logout §2). */
export function quietReferrer(): Middleware {
  return (ctx, next) => {
    if (ctx.path === '/oauth/logout') ctx.set('Referrer-Policy', 'no-referrer');
    return next();
  };
}
