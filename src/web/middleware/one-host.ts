/** Answers under the issuer's own name only. */
import type { Middleware } from 'koa';
import { Refusal } from '../../errors.ts';

/** Probes come by address, from the machine itself. */
const probes = new Set(['/healthz', '/readyz']);

/**
 * One name, said once, and a target that is a path: anything else might be read in two ways by a proxy and by us.
 *
 * @throws Refusal `host_wrong` (RFC 9110 §15.5.20)
 */
export function oneHost(issuer: string): Middleware {
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
