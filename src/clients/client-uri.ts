/** URIs of a client: which ones may be registered, where its logo may be loaded from, and which sector it is in. */
import { Refusal } from '../errors.ts';
import type { Reason } from '../reasons.ts';
import type { ClientKind, ClientMetadata } from './client.ts';

export const maxRedirectUris = 10;
const maxUriCharacters = 2000;
/** Maximum length of a URI in the words of a refusal; a longer URI is cut. */
const maxShownCharacters = 200;

/** Names that resolve to the machine itself (RFC 6761 §6.3); a loopback address is none of them. */
const isLocalhostName = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost');

/** Hosts of the person's own machine, on which native apps and sites under development listen (RFC 8252 §7.3). */
export const isLoopbackHost = (host: string): boolean => ['localhost', '127.0.0.1', '[::1]'].includes(host);

/**
 * Whether a client is a site under development: one of its redirect URIs is on a loopback host. A native app never is:
 * it listens on the person's machine in production too.
 */
export const isForDevelopment = (kind: ClientKind, metadata: ClientMetadata): boolean =>
  (kind === 'web' || kind === 'single-page') &&
  metadata['application_type'] !== 'native' &&
  webHostsOf(metadata.redirect_uris ?? []).some(isLoopbackHost);

/** Host names of the http and https URIs among these. A private-use scheme has no host that anybody could check. */
export const webHostsOf = (uris: readonly unknown[]): string[] =>
  uris.flatMap((uri) => {
    const { protocol, hostname } = (typeof uri === 'string' ? URL.parse(uri) : null) ?? {};
    return hostname && /^https?:$/.test(protocol!) ? [hostname] : [];
  });

/** What decides which URIs a client may register. */
export interface UriRules {
  issuer: string;
  /**
   * Whether the client is or has a native app, so that loopback hosts and private-use schemes are allowed (RFC 8252
   * §7).
   */
  isNative?: boolean;
  /** Whether an operator registers the client, so that loopback hosts are allowed for development. */
  isByOperator?: boolean;
}

/** A reason, and the maximum that its text names. */
type UriProblem = { reason: Reason; max?: number };

/** Why a URI is refused whatever its scheme; undefined when it is not. */
function textProblem(uri: string): UriProblem | undefined {
  if (uri.length > maxUriCharacters) return { reason: 'text_too_long', max: maxUriCharacters };
  // Browsers and libraries read these characters differently.
  if (/[\s\\\p{Cc}\p{Cf}]/u.test(uri)) return { reason: 'uri_has_spaces' };
  // C0 controls, delete, and C1 controls in UTF-8.
  if (/%[01][0-9a-f]|%7f|%c2%[89][0-9a-f]/i.test(uri)) return { reason: 'uri_has_encoded_control' };
  const parsed = URL.parse(uri);
  if (!parsed) return { reason: 'is_not_a_uri' };
  if (uri.includes('#')) return { reason: 'uri_has_fragment' };
  if (uri.includes('*')) return { reason: 'uri_has_wildcard' };
  if (parsed.username || parsed.password || /^[a-z]+:\/\/[^/?]*@/i.test(uri)) return { reason: 'uri_has_user_name' };
  if (/(^|\/|%2f)(\.|%2e){1,2}(\/|%2f|$|\?)/i.test(uri)) return { reason: 'uri_has_dot_segment' };
  return undefined;
}

/** Why an http or https URI is refused for its host; undefined when it is not. */
function hostProblem(uri: string, { hostname, origin }: URL, issuer: string): UriProblem | undefined {
  // `https:host` and `https:/host` are absolute to browsers only.
  if (!/^https?:\/\/[^/]/i.test(uri)) return { reason: 'uri_has_no_host' };
  // Other characters would end a source expression of CSP. IPv6 addresses cannot be source expressions.
  const isHostName = /^[a-z0-9._-]+$/.test(hostname) || isLoopbackHost(hostname);
  if (!isHostName) return { reason: 'uri_has_invalid_host' };
  return origin === issuer ? { reason: 'uri_is_of_this_server' } : undefined;
}

function httpProblem(hostname: string, { issuer, isNative, isByOperator }: UriRules): UriProblem | undefined {
  if ((isNative || isByOperator) && isLoopbackHost(hostname)) return undefined;
  // A Frontdesk on localhost is under development, and so may be its apps: `http://wiki.localhost`.
  if (isLocalhostName(hostname) && isLocalhostName(new URL(issuer).hostname)) return undefined;
  if (isNative) return { reason: 'http_must_be_loopback' };
  return { reason: isByOperator ? 'must_be_https_or_loopback' : 'must_be_https_or_localhost' };
}

function schemeProblem({ protocol, hostname }: URL, rules: UriRules): UriProblem | undefined {
  if (protocol === 'https:') return undefined;
  if (protocol === 'http:') return httpProblem(hostname, rules);
  // RFC 8252 §7.1: a private-use scheme is a reversed domain name, so it has a dot.
  if (rules.isNative) return protocol.includes('.') ? undefined : { reason: 'scheme_must_have_dot' };
  return { reason: rules.isByOperator ? 'scheme_needs_app' : 'must_be_https' };
}

/** Why a URI may not be registered (RFC 8252 §7, RFC 9700 §2.1); undefined when it may. */
function problemOf(uri: string, rules: UriRules): UriProblem | undefined {
  const problem = textProblem(uri);
  if (problem) return problem;
  const parsed = new URL(uri);
  const isWeb = /^https?:$/.test(parsed.protocol);
  return (isWeb ? hostProblem(uri, parsed, rules.issuer) : undefined) ?? schemeProblem(parsed, rules);
}

/**
 * Checks a URI that this server calls, or that pages link to or load, by the rules for web apps.
 *
 * @param field name of the metadata
 * @throws Refusal `client_invalid`
 */
export function requireWebUri(field: string, uri: string, rules: Omit<UriRules, 'isNative'>): void {
  const problem = problemOf(uri, { ...rules, isNative: false });
  if (problem) throw new Refusal('client_invalid', { field, ...problem });
}

/**
 * Checks redirect URIs or post-logout redirect URIs.
 *
 * @param field name of the metadata
 * @throws Refusal `redirect_uri_invalid` for the first URI that may not be registered
 * @throws Refusal `too_many_redirect_uris` for more than `maxRedirectUris`
 */
export function requireRedirectUris(
  uris: readonly string[],
  rules: UriRules,
  field: 'redirect_uris' | 'post_logout_redirect_uris' = 'redirect_uris',
): void {
  if (uris.length > maxRedirectUris) throw new Refusal('too_many_redirect_uris', { max: maxRedirectUris });
  for (const uri of uris) {
    const problem = problemOf(uri, rules);
    if (problem)
      throw new Refusal('redirect_uri_invalid', { field, uri: uri.slice(0, maxShownCharacters), ...problem });
  }
}

/**
 * Checks a URI for OpenID Connect Back-Channel Logout 1.0 §2.2.
 *
 * @param mayBeHttp for a confidential client that an operator registers: an http URI is checked as if it were https,
 *   and OUTGOING_ALLOWED_HOSTS decides later whether it is called
 *
 * @throws Refusal `client_invalid`
 */
export function requireBackChannelLogoutUri(
  uri: string,
  { mayBeHttp = false, ...rules }: Omit<UriRules, 'isNative'> & { mayBeHttp?: boolean },
): void {
  requireWebUri('backchannel_logout_uri', mayBeHttp ? uri.replace(/^http:/i, 'https:') : uri, rules);
}

/**
 * Checks a URI for OpenID Connect Front-Channel Logout 1.0 §2: scheme, host and port must be those of a redirect URI.
 *
 * @throws Refusal `client_invalid`
 */
export function requireFrontChannelLogoutUri(
  uri: string,
  redirectUris: readonly string[],
  rules: Omit<UriRules, 'isNative'>,
): void {
  const field = 'frontchannel_logout_uri';
  requireWebUri(field, uri, rules);
  const { origin } = new URL(uri);
  if (redirectUris.some((redirectUri) => URL.parse(redirectUri)?.origin === origin)) return;
  throw new Refusal('client_invalid', { field, reason: 'must_be_on_redirect_origin' });
}

/**
 * The logo that pages may show. The person's browser loads it, so it must be on the host of the app's home page or of a
 * redirect URI: no other host learns who signs in where, and no app shows the logo of another (OpenID Connect
 * Registration §9.1).
 *
 * @returns undefined when the app has no logo, or pages may not show it
 */
export function logoOf(metadata: ClientMetadata): string | undefined {
  const { logo_uri: uri, client_uri: homePage, redirect_uris: redirectUris = [] } = metadata;
  const logo = typeof uri === 'string' ? URL.parse(uri) : null;
  if (!logo) return undefined;
  const isSecure = logo.protocol === 'https:' || (logo.protocol === 'http:' && isLocalhostName(logo.hostname));
  return isSecure && webHostsOf([homePage, ...redirectUris]).includes(logo.hostname) ? logo.href : undefined;
}

/**
 * The sector of a client: the host of its `sector_identifier_uri`, or of its first redirect URI; for a private-use scheme,
 * the scheme. All clients of a sector know a person by one pairwise subject (OpenID Connect Core §8.1). The
 * document at `sector_identifier_uri` was checked when the client registered
 * (`oidc/configuration/client-validator.ts`).
 */
export function sectorOf({
  sector_identifier_uri: uri,
  redirect_uris: [redirectUri = ''] = [],
}: ClientMetadata): string {
  const { protocol, hostname } = new URL(typeof uri === 'string' ? uri : redirectUri);
  return /^https?:$/.test(protocol) ? hostname : protocol;
}
