/** Fixes the origin that Koa and oidc-provider build addresses from, whatever a request says. */
import type Koa from 'koa';

/**
 * Koa and oidc-provider build every address from these getters. Neither Host nor X-Forwarded-* count, so no page or
 * document can name another host, and the scheme need not be taken from a proxy.
 */
export function pinOrigin(issuer: string, app: Koa): void {
  const { host, hostname, protocol, origin } = new URL(issuer);
  const fixed = { host, hostname, protocol: protocol.slice(0, -1), origin };
  for (const [name, value] of Object.entries(fixed)) {
    Object.defineProperty(app.request, name, { configurable: true, get: () => value });
  }
}
