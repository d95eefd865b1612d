/** One host and one spelling for every address, so that no guard can be bypassed by another spelling. */
import type { Middleware } from 'koa';
import { Refusal } from '../../errors.ts';

/**
 * oidc-provider's router ignores case and a trailing slash, the router of web/index.ts does not. Only ids in addresses
 * may have upper case.
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

/** Paths that may be requested under any host: health probes send the machine's address as `Host`. */
const probes = new Set(['/healthz', '/readyz']);

/**
 * Requires exactly one `Host` header with the issuer's host, and a request target that is a path: a proxy might
 * interpret anything else differently.
 *
 * @throws Refusal `host_wrong` (RFC 9110 §15.5.20)
 */
export function requireIssuerHost(issuer: string): Middleware {
  const { host, protocol, port } = new URL(issuer);
  // The default port may be written out (RFC 9110 §4.2.3).
  const hosts = port === '' ? [host, `${host}:${protocol === 'https:' ? 443 : 80}`] : [host];
  return (ctx, next) => {
    const [sentHost, ...furtherHosts] = ctx.req.headersDistinct['host'] ?? [];
    const isPath = ctx.req.url!.startsWith('/');
    // Middleware such as the request log need not handle other targets.
    if (!isPath) ctx.req.url = '/';
    const isIssuerHost = hosts.includes(sentHost?.toLowerCase() ?? '') && furtherHosts.length === 0;
    if (!isPath || (!isIssuerHost && !probes.has(ctx.path))) throw new Refusal('host_wrong', { host });
    return next();
  };
}
