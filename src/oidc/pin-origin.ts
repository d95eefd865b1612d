/** Makes an application speak under one name, whatever a request says about it. */
import type Koa from 'koa';

/**
 * Every address that Koa or oidc-provider build comes from these getters. Neither Host nor X-Forwarded-* reach them,
 * so no page and no document can be made to name another host, and a proxy that ends TLS need not be believed.
 */
export function pinOrigin(issuer: string, app: Koa): void {
  const { host, hostname, protocol, origin } = new URL(issuer);
  const fixed = { host, hostname, protocol: protocol.slice(0, -1), origin };
  for (const [name, value] of Object.entries(fixed)) {
    Object.defineProperty(app.request, name, { configurable: true, get: () => value });
  }
}
