/** Where people may be sent back to: the rules for redirect URIs (RFC 8252 §7, RFC 9700 §2.1). */
import { Refusal } from '../errors.ts';
import type { ClientMetadata } from './client.ts';

export const maxRedirectUris = 10;
const maxUri = 2000;

const isLoopbackName = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost');
/** The person's own machine, by address (RFC 8252 §7.3). */
export const isLoopbackAddress = (host: string): boolean => host === '127.0.0.1' || host === '[::1]';

/** Hosts of these addresses; what stands behind a scheme of an app's own is no host of anybody. */
export const webHostsOf = (uris: readonly unknown[]): string[] =>
  uris.flatMap((uri) => {
    const { protocol, hostname } = (typeof uri === 'string' ? URL.parse(uri) : null) ?? {};
    return hostname && /^https?:$/.test(protocol!) ? [hostname] : [];
  });

/** Why a URI is turned down; undefined when it may stand. */
function fault(uri: string, isNative: boolean, issuer: string): string | undefined {
  if (uri.length > maxUri) return `it has more than ${maxUri} characters`;
  // Everything a browser or a library might read in another way than we do.
  if (/[\s\\\p{Cc}\p{Cf}]/u.test(uri)) return 'it has spaces, backslashes or control characters';
  const parsed = URL.parse(uri);
  if (!parsed) return 'it is not an absolute URI';
  if (uri.includes('#')) return 'it has a fragment';
  if (uri.includes('*')) return 'it has a wildcard: list each address';
  if (parsed.username || parsed.password || /^[a-z]+:\/\/[^/?]*@/i.test(uri)) return 'it has a user name';
  if (/(^|\/|%2f)(\.|%2e){1,2}(\/|%2f|$|\?)/i.test(uri)) return 'it has "." or ".." in its path';

  if (/^https?:$/.test(parsed.protocol)) {
    // Written in full: a browser and a library might read the rest in two ways.
    if (!/^https?:\/\/[^/]/i.test(uri)) return 'it must begin with https:// and a host';
    // Other characters would be read as something else in a Content-Security-Policy, which has no IPv6 addresses either.
    const isHostName = /^[a-z0-9._-]+$/.test(parsed.hostname) || isLoopbackAddress(parsed.hostname);
    if (!isHostName) return 'its host has characters that no host name has';
    if (parsed.origin === issuer) return 'it is an address of Frontdesk itself';
  }

  switch (parsed.protocol) {
    case 'https:':
      return undefined;
    case 'http:':
      if (isNative && isLoopbackAddress(parsed.hostname)) return undefined;
      if (isLoopbackName(parsed.hostname) && isLoopbackName(new URL(issuer).hostname)) return undefined;
      return isNative
        ? 'http is for 127.0.0.1 and [::1] only'
        : 'it must be https (http is for *.localhost, while the issuer is there too)';
    default:
      // RFC 8252 §7.1: a private-use scheme is a reversed domain name, so it has a dot.
      if (isNative && parsed.protocol.includes('.')) return undefined;
      return isNative ? 'a scheme of its own must have a dot, like com.example.app:' : 'it must be https';
  }
}

/** An address of an app that Frontdesk calls or loads: the rules for web apps, whatever its kind. */
export function requireWebUri(uri: string, issuer: string): void {
  const reason = fault(uri, false, issuer);
  if (reason) throw new Refusal('redirect_uri_invalid', { uri: uri.slice(0, 200), reason });
}

/**
 * @throws Refusal `redirect_uri_invalid` naming the URI and why
 * @throws Refusal `redirect_uris_many` above ten
 */
export function requireRedirectUris(uris: readonly string[], isNative: boolean, issuer: string): void {
  if (uris.length > maxRedirectUris) throw new Refusal('redirect_uris_many', { max: maxRedirectUris });
  for (const uri of uris) {
    const reason = fault(uri, isNative, issuer);
    if (reason) throw new Refusal('redirect_uri_invalid', { uri: uri.slice(0, 200), reason });
  }
}

/** OpenID Connect Back-Channel Logout 1.0 §2.2. @throws Refusal `redirect_uri_invalid` */
export const requireBackChannelUri = (uri: string, issuer: string): void => requireWebUri(uri, issuer);

/**
 * It must be a page of the app (OpenID Connect Front-Channel Logout 1.0 §2).
 *
 * @throws Refusal `redirect_uri_invalid`
 */
export function requireFrontChannelUri(uri: string, redirectUris: readonly string[], issuer: string): void {
  requireWebUri(uri, issuer);
  const { origin } = new URL(uri);
  if (redirectUris.some((redirectUri) => URL.parse(redirectUri)?.origin === origin)) return;
  throw new Refusal('redirect_uri_invalid', { uri, reason: 'no redirect URI has the same origin' });
}

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

/**
 * Apps of one sector know a person by the same subject: the host of `sector_identifier_uri`, else of the redirect URIs
 * (§8.1). The document behind that address was read when the app was registered (oidc/client-validator.ts).
 */
export function sectorOf({
  sector_identifier_uri: uri,
  redirect_uris: [redirectUri = ''] = [],
}: ClientMetadata): string {
  const { protocol, hostname } = new URL(typeof uri === 'string' ? uri : redirectUri);
  // What stands behind a scheme of an app's own is no host of anybody.
  return /^https?:$/.test(protocol) ? hostname : protocol;
}
