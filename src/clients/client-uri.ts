/** Where people may be sent back to: the rules for redirect URIs (RFC 8252 §7, RFC 9700 §2.1). */
import { Refusal } from '../errors.ts';

export const mostRedirectUris = 10;
const longestUri = 2000;

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
  if (uri.length > longestUri) return `it has more than ${longestUri} characters`;
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
    if (parsed.origin === issuer) return 'it is an address of the desk itself';
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

/** An address of an app that the desk calls or loads: the rules for web apps, whatever its kind. */
export function requireWebUri(uri: string, issuer: string): void {
  const reason = fault(uri, false, issuer);
  if (reason) throw new Refusal('redirect_uri_invalid', { uri: uri.slice(0, 200), reason });
}

/**
 * @throws Refusal `redirect_uri_invalid` naming the URI and why
 * @throws Refusal `redirect_uris_many` above ten
 */
export function requireRedirectUris(uris: readonly string[], isNative: boolean, issuer: string): void {
  if (uris.length > mostRedirectUris) throw new Refusal('redirect_uris_many', { most: mostRedirectUris });
  for (const uri of uris) {
    const reason = fault(uri, isNative, issuer);
    if (reason) throw new Refusal('redirect_uri_invalid', { uri: uri.slice(0, 200), reason });
  }
}
