/** Turns down writes that another site makes a browser do. */
import type { Middleware } from 'koa';
import { Refusal } from '../../errors.ts';

const reading = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * For pages of ours; endpoints that apps call are not behind it. Browsers say where a request comes from
 * (Fetch Metadata, RFC 6454); who says nothing is no browser of today, and still needs the form's token.
 *
 * @throws Refusal `cross_site`
 */
export function requireSameOrigin(issuer: string): Middleware {
  return (ctx, next) => {
    if (reading.has(ctx.method)) return next();
    const site = ctx.get('Sec-Fetch-Site');
    const origin = ctx.get('Origin');
    if ((site && site !== 'same-origin') || (origin && origin !== issuer)) throw new Refusal('cross_site');
    return next();
  };
}
