/** One spelling for every address, so that no guard can be walked around by writing it in another way. */
import type { Middleware } from 'koa';
import { Refusal } from '../../errors.ts';

/**
 * The library's router takes any case and a slash at the end; ours does not, and nothing in front of them should have
 * to know. Names in the address (of an interaction) keep their case.
 *
 * @throws Refusal `not_found`
 */
export function requireExactPath(): Middleware {
  return (ctx, next) => {
    const [, first = '', second = ''] = ctx.path.split('/');
    const isNamed = ctx.path === '/' || !ctx.path.endsWith('/');
    const isLower = [first, first === 'interaction' ? '' : second].every((part) => part === part.toLowerCase());
    if (!isNamed || !isLower || ctx.path.includes('//') || ctx.path.includes('%')) throw new Refusal('not_found');
    return next();
  };
}

/** Probes come by address, from the machine itself. */
const probes = new Set(['/healthz', '/readyz']);

/**
 * One name, said once, and a target that is a path: anything else might be read in two ways by a proxy and by us.
 *
 * @throws Refusal `host_wrong` (RFC 9110 §15.5.20)
 */
export function requireIssuerHost(issuer: string): Middleware {
  const { host } = new URL(issuer);
  return (ctx, next) => {
    const [named, ...more] = ctx.req.headersDistinct['host'] ?? [];
    const isPath = ctx.req.url!.startsWith('/');
    // Nothing after this has to make sense of such a target, the log among it.
    if (!isPath) ctx.req.url = '/';
    const isOurs = named?.toLowerCase() === host && more.length === 0;
    if (!isPath || (!isOurs && !probes.has(ctx.path))) throw new Refusal('host_wrong', { host });
    return next();
  };
}
