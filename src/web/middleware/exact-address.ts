/** One host and one spelling for every address, so that no guard can be bypassed by another spelling. */
import type { Middleware } from 'koa';
import { Refusal } from '../../errors.ts';

/**
 * oidc-provider's router ignores case and a trailing slash, ours does not. Ids in addresses (of an interaction) keep
 * their case.
 *
 * @throws Refusal `not_found`
 */
export function requireExactPath(): Middleware {
  return (ctx, next) => {
    const [, first = '', second = ''] = ctx.path.split('/');
    const hasNoTrailingSlash = ctx.path === '/' || !ctx.path.endsWith('/');
    const isLowerCase = [first, first === 'interaction' ? '' : second].every((part) => part === part.toLowerCase());
    if (!hasNoTrailingSlash || !isLowerCase || ctx.path.includes('//') || ctx.path.includes('%'))
      throw new Refusal('not_found');
    return next();
  };
}

/** Health probes name the machine's address instead of the issuer's host. */
const probes = new Set(['/healthz', '/readyz']);

/**
 * Requires the issuer's host, named once, and a request target that is a path: a proxy might interpret
 * anything else differently.
 *
 * @throws Refusal `host_wrong` (RFC 9110 §15.5.20)
 */
export function requireIssuerHost(issuer: string): Middleware {
  const { host, protocol, port } = new URL(issuer);
  // The default port may be written out (RFC 9110 §4.2.3).
  const hosts = port === '' ? [host, `${host}:${protocol === 'https:' ? 443 : 80}`] : [host];
  return (ctx, next) => {
    const [named, ...more] = ctx.req.headersDistinct['host'] ?? [];
    const isPath = ctx.req.url!.startsWith('/');
    // What runs afterwards, such as the log, need not handle other targets.
    if (!isPath) ctx.req.url = '/';
    const isOurs = hosts.includes(named?.toLowerCase() ?? '') && more.length === 0;
    if (!isPath || (!isOurs && !probes.has(ctx.path))) throw new Refusal('host_wrong', { host });
    return next();
  };
}
