/** Refuses writes that another site makes a browser send. */
import type { Middleware } from 'koa';
import { Refusal } from '../../errors.ts';

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Decides by Fetch Metadata (`Sec-Fetch-Site`) and `Origin` (RFC 6454). A request with neither header comes from no
 * current browser, and still needs the form's token.
 *
 * @throws Refusal `cross_site`
 */
export function requireSameOrigin(issuer: string): Middleware {
  return (ctx, next) => {
    if (safeMethods.has(ctx.method)) return next();
    const site = ctx.get('Sec-Fetch-Site');
    const origin = ctx.get('Origin');
    if ((site && site !== 'same-origin') || (origin && origin !== issuer)) throw new Refusal('cross_site');
    return next();
  };
}
