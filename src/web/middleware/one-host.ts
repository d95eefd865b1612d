/** Answers under the issuer's own name only. */
import type { Middleware } from 'koa';
import { Refusal } from '../../errors.ts';

/** Probes come by address, from the machine itself. */
const probes = new Set(['/healthz', '/readyz']);

/** @throws Refusal `host_wrong` (RFC 9110 §15.5.20) */
export function oneHost(issuer: string): Middleware {
  const { host } = new URL(issuer);
  return (ctx, next) => {
    if (ctx.req.headers.host?.toLowerCase() !== host && !probes.has(ctx.path))
      throw new Refusal('host_wrong', { host });
    return next();
  };
}
