/** URIs of a client: which ones may be registered, where its logo may be loaded from, and which sector it is in. */
import { Refusal } from '../errors.ts';
import type { Reason } from '../reasons.ts';
import type { ClientMetadata } from './client.ts';

export const maxRedirectUris = 10;
const maxUriCharacters = 2000;
const maxShownCharacters = 200;

const isLocalhostName = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost');

/** The loopback addresses that a native app may listen on (RFC 8252 §7.3). */
export const isLoopbackAddress = (host: string): boolean => host === '127.0.0.1' || host === '[::1]';

/** Host names of the http and https URIs among these. A private-use scheme has no host that anybody could check. */
export const webHostsOf = (uris: readonly unknown[]): string[] =>
  uris.flatMap((uri) => {
    const { protocol, hostname } = (typeof uri === 'string' ? URL.parse(uri) : null) ?? {};
    return hostname && /^https?:$/.test(protocol!) ? [hostname] : [];
  });

/** A reason, and the values that its words name. */
type UriProblem = { reason: Reason; max?: number };

/** The rules for every URI of a client, whatever its scheme. */
function textProblem(uri: string): UriProblem | undefined {
  if (uri.length > maxUriCharacters) return { reason: 'text_too_long', max: maxUriCharacters };
  // Browsers and libraries disagree about how to read these.
  if (/[\s\\\p{Cc}\p{Cf}]/u.test(uri)) return { reason: 'uri_has_spaces' };
  const parsed = URL.parse(uri);
  if (!parsed) return { reason: 'is_not_a_uri' };
  if (uri.includes('#')) return { reason: 'uri_has_fragment' };
  if (uri.includes('*')) return { reason: 'uri_has_wildcard' };
  if (parsed.username || parsed.password || /^[a-z]+:\/\/[^/?]*@/i.test(uri)) return { reason: 'uri_has_user_name' };
  if (/(^|\/|%2f)(\.|%2e){1,2}(\/|%2f|$|\?)/i.test(uri)) return { reason: 'uri_has_dot_segment' };
  return undefined;
}

/** The rules for the host of an http or https URI. */
function hostProblem(uri: string, { hostname, origin }: URL, issuer: string): UriProblem | undefined {
  // `https:host` and `https:/host` are absolute to browsers only.
  if (!/^https?:\/\/[^/]/i.test(uri)) return { reason: 'uri_has_no_host' };
  // Other characters would end a source in a Content-Security-Policy, which has no IPv6 addresses either.
  const isHostName = /^[a-z0-9._-]+$/.test(hostname) || isLoopbackAddress(hostname);
  if (!isHostName) return { reason: 'uri_has_invalid_host' };
  return origin === issuer ? { reason: 'uri_is_of_this_server' } : undefined;
}

function schemeProblem({ protocol, hostname }: URL, isNative: boolean, issuer: string): UriProblem | undefined {
  switch (protocol) {
    case 'https:':
      return undefined;
    case 'http:':
      if (isNative && isLoopbackAddress(hostname)) return undefined;
      if (isLocalhostName(hostname) && isLocalhostName(new URL(issuer).hostname)) return undefined;
      return { reason: isNative ? 'http_must_be_loopback' : 'must_be_https_or_localhost' };
    default:
      // RFC 8252 §7.1: a private-use scheme is a reversed domain name, so it has a dot.
      if (isNative && protocol.includes('.')) return undefined;
      return { reason: isNative ? 'scheme_must_have_dot' : 'must_be_https' };
  }
}

/** Why a URI may not be registered (RFC 8252 §7, RFC 9700 §2.1); undefined when it may. */
function problemOf(uri: string, isNative: boolean, issuer: string): UriProblem | undefined {
  const problem = textProblem(uri);
  if (problem) return problem;
  const parsed = new URL(uri);
  const isWeb = /^https?:$/.test(parsed.protocol);
  return (isWeb ? hostProblem(uri, parsed, issuer) : undefined) ?? schemeProblem(parsed, isNative, issuer);
}

/**
 * Checks a URI that this server calls, or that pages link to or load, by the rules for web apps.
 *
 * @param field name of the metadata
 * @throws Refusal `client_invalid`
 */
export function requireWebUri(field: string, uri: string, issuer: string): void {
  const problem = problemOf(uri, false, issuer);
  if (problem) throw new Refusal('client_invalid', { field, ...problem });
}

/**
 * Checks redirect URIs or post-logout redirect URIs.
 *
 * @throws Refusal `redirect_uri_invalid` for the first URI that may not be registered
 * @throws Refusal `redirect_uris_many` for more than ten
 */
export function requireRedirectUris(uris: readonly string[], isNative: boolean, issuer: string): void {
  if (uris.length > maxRedirectUris) throw new Refusal('redirect_uris_many', { max: maxRedirectUris });
  for (const uri of uris) {
    const problem = problemOf(uri, isNative, issuer);
    if (problem) throw new Refusal('redirect_uri_invalid', { uri: uri.slice(0, maxShownCharacters), ...problem });
  }
}

/**
 * OpenID Connect Back-Channel Logout 1.0 §2.2.
 *
 * @throws Refusal `client_invalid`
 */
export const requireBackChannelLogoutUri = (uri: string, issuer: string): void =>
  requireWebUri('backchannel_logout_uri', uri, issuer);

/**
 * OpenID Connect Front-Channel Logout 1.0 §2: it has the scheme, host and port of a redirect URI.
 *
 * @throws Refusal `client_invalid`
 */
export function requireFrontChannelLogoutUri(uri: string, redirectUris: readonly string[], issuer: string): void {
  const field = 'frontchannel_logout_uri';
  requireWebUri(field, uri, issuer);
  const { origin } = new URL(uri);
  if (redirectUris.some((redirectUri) => URL.parse(redirectUri)?.origin === origin)) return;
  throw new Refusal('client_invalid', { field, reason: 'must_be_on_redirect_origin' });
}

/**
 * The logo that pages may show. The person's browser loads it, so it must be on the host of the app's home page or of a
 * redirect URI: no other host learns who signs in where, and no app shows the picture of another (OpenID Connect
 * Registration §9.1).
 */
export function logoOf(metadata: ClientMetadata): string | undefined {
  const { logo_uri: uri, client_uri: homePage, redirect_uris: redirectUris = [] } = metadata;
  const logo = typeof uri === 'string' ? URL.parse(uri) : null;
  if (!logo) return undefined;
  const isSecure = logo.protocol === 'https:' || (logo.protocol === 'http:' && isLocalhostName(logo.hostname));
  return isSecure && webHostsOf([homePage, ...redirectUris]).includes(logo.hostname) ? logo.href : undefined;
}

/**
 * The sector of a client: the host of its `sector_identifier_uri`, else of its first redirect URI; for a private-use
 * scheme the scheme. All clients of a sector know a person by one pairwise subject (OpenID Connect Core §8.1). The
 * document at `sector_identifier_uri` was checked when the client registered (`oidc/configuration/client-validator.ts`).
 */
export function sectorOf({
  sector_identifier_uri: uri,
  redirect_uris: [redirectUri = ''] = [],
}: ClientMetadata): string {
  const { protocol, hostname } = new URL(typeof uri === 'string' ? uri : redirectUri);
  return /^https?:$/.test(protocol) ? hostname : protocol;
}
