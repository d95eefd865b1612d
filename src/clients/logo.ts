/** The logo of an app, as people see it beside its name. */
import type { ClientMetadata } from './client.ts';
import { webHostsOf } from './client-uri.ts';

const isLoopback = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost');

/**
 * Loaded by the person's browser, so only from a host that the person is about to visit: nobody else learns who signs
 * in where, and no app shows itself by somebody else's picture (OpenID Connect Registration §9.1).
 */
export function logoOf(metadata: ClientMetadata): string | undefined {
  const { logo_uri: uri, client_uri: home, redirect_uris: redirectUris = [] } = metadata;
  const logo = typeof uri === 'string' ? URL.parse(uri) : null;
  if (!logo) return undefined;
  const isSafe = logo.protocol === 'https:' || (logo.protocol === 'http:' && isLoopback(logo.hostname));
  return isSafe && webHostsOf([home, ...redirectUris]).includes(logo.hostname) ? logo.href : undefined;
}
