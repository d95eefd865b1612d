/** Fixes the origin that Koa and oidc-provider build addresses from, whatever a request says. */
import type Koa from 'koa';

/**
 * Replaces the getters of Koa's request that every address is built from. Neither `Host` nor `X-Forwarded-*` count, so
 * no page or document can name another host, and a proxy need not send the scheme.
 */
export function pinOrigin(issuer: string, app: Koa): void {
  const { host, hostname, protocol, origin } = new URL(issuer);
  const fixed = { host, hostname, protocol: protocol.slice(0, -1), origin };
  for (const [name, value] of Object.entries(fixed)) {
    Object.defineProperty(app.request, name, { configurable: true, get: () => value });
  }
}
