/** The permissions that an app requests, those that the person has consented to, and the resulting grant. */
import { errors, type Client as OidcClient, type Grant, type KoaContextWithOIDC } from 'oidc-provider';
import { intersectPermissions, noPermissions, unionPermissions, type Permissions } from '../../grants/consent.ts';
import { isLoopbackHost } from '../../clients/client-uri.ts';
import type { Database } from '../../platform/database.ts';
import { readConsent } from '../prefetch/prefetch.ts';
import { claimsOfScope } from './claims.ts';
import { knownScopes } from './scopes.ts';

/** Claims about the authentication, not about the person: they need no consent. */
const authenticationClaims = new Set(['sub', 'sid', 'auth_time', 'acr', 'amr', 'iss']);

/** Whether the client is the operator's own, so that it needs no consent. */
export const isFirstParty = (client: OidcClient): boolean => client['first_party'] === true;

const stringOrEmpty = (value: unknown): string => (typeof value === 'string' ? value : '');
const spaceDelimited = (value: unknown): string[] => stringOrEmpty(value).split(' ').filter(Boolean);

/** Names of the claims about the person that a `claims` parameter requests (OpenID Connect Core §5.5). */
function requestedClaims(parameter: unknown): string[] {
  if (typeof parameter !== 'string') return [];
  const { userinfo, id_token: idToken } = JSON.parse(parameter) as Record<string, object | undefined>;
  const knownClaims = new Set(Object.values(claimsOfScope).flat());
  const names = [...Object.keys(userinfo ?? {}), ...Object.keys(idToken ?? {})];
  return [...new Set(names)].filter((name) => knownClaims.has(name) && !authenticationClaims.has(name));
}

/**
 * The permissions that an authorization request names.
 *
 * @param apiScopes audience → scopes of that API that this client may have
 */
export function requestedPermissions(
  params: Readonly<Record<string, unknown>>,
  apiScopes: Readonly<Record<string, readonly string[]>>,
): Permissions {
  const scopes = spaceDelimited(params['scope']);
  const apis = Object.entries(apiScopes).map(
    ([audience, allowed]) => [audience, scopes.filter((scope) => allowed.includes(scope))] as const,
  );
  return {
    scopes: scopes.filter((scope) => knownScopes.includes(scope)),
    claims: requestedClaims(params['claims']),
    apiScopes: Object.fromEntries(apis.filter(([, requested]) => requested.length > 0)),
  };
}

/** Values of `resource` (RFC 8707 §2). */
export const requestedResources = (params: Readonly<Record<string, unknown>>): string[] =>
  [params['resource'] ?? []].flat().map(stringOrEmpty).filter(Boolean);

function permissionsIn(grant: Grant | undefined): Permissions {
  if (!grant) return noPermissions;
  const apis = Object.entries(grant.resources ?? {}).map(
    ([audience, scope]) => [audience, spaceDelimited(scope)] as const,
  );
  return {
    scopes: spaceDelimited(grant.openid?.scope),
    claims: grant.openid?.claims ?? [],
    apiScopes: Object.fromEntries(apis),
  };
}

/**
 * The host and port of a redirect URI. For a loopback URI only the host, because the port changes with each request
 * (RFC 8252 §7.3). For a private-use scheme, which has no host, the scheme with its colon (§7.1). Empty when it is no
 * URI.
 */
export const hostOf = (redirectUri: unknown): string => {
  const { host, hostname, protocol } = URL.parse(stringOrEmpty(redirectUri)) ?? {};
  if (!/^https?:$/.test(protocol ?? '')) return protocol ?? '';
  return (isLoopbackHost(hostname ?? '') ? hostname : host) ?? '';
};

/**
 * The permissions that need no further consent, requested or not.
 *
 * @param remembered stored consent to this client
 */
function consentedPermissions(
  ctx: KoaContextWithOIDC,
  requested: Permissions,
  remembered: Permissions | undefined,
): Permissions {
  const { client, result } = ctx.oidc;
  if (isFirstParty(client!)) return requested;
  // The person has just allowed this request on the consent page.
  const allowed = result?.consent ? requested : noPermissions;
  // Nobody vouches for an app that registered itself: stored consent adds nothing to its grant (RFC 9700 §4.15).
  return client!['self_registered'] === true ? allowed : unionPermissions(allowed, remembered ?? noPermissions);
}

const isEmpty = ({ scopes, claims, apiScopes }: Permissions) =>
  scopes.length === 0 && claims.length === 0 && Object.keys(apiScopes).length === 0;

/** The requested permissions that are not granted yet. */
function subtractPermissions(requested: Permissions, granted: Permissions): Permissions {
  const without = (values: string[], removed: string[] = []) => values.filter((value) => !removed.includes(value));
  const apis = Object.entries(requested.apiScopes).map(
    ([audience, scopes]) => [audience, without(scopes, granted.apiScopes[audience])] as const,
  );
  return {
    scopes: without(requested.scopes, granted.scopes),
    claims: without(requested.claims, granted.claims),
    apiScopes: Object.fromEntries(apis.filter(([, scopes]) => scopes.length > 0)),
  };
}

/**
 * Loads or creates the grant of this session and client, adds the requested permissions that the person has consented
 * to, and stores it. There is one grant per session and client, so that signing out revokes it for this browser alone.
 *
 * @returns undefined when there is no grant; the library then asks the person for consent, as it does for requested
 *   permissions that a grant lacks
 * @throws InvalidRedirectUri when the redirect URI was removed from the client while a page was open
 */
export async function loadOrCreateGrant(db: Database, ctx: KoaContextWithOIDC): Promise<Grant | undefined> {
  const { client, account, session, provider, params, result, resourceServers = {} } = ctx.oidc;
  // The library checks the redirect URI only when a request begins.
  if (!client!.redirectUriAllowed(stringOrEmpty(params?.['redirect_uri']))) throw new errors.InvalidRedirectUri();
  const grantId = session!.grantIdFor(client!.clientId);
  const existing = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  const remembered = isFirstParty(client!) ? undefined : await readConsent(db, account!.accountId, client!.clientId);
  // Each redirect host needs consent of its own.
  const isHostKnown = remembered?.redirectHosts.includes(hostOf(params?.['redirect_uri'])) ?? false;
  if (!isFirstParty(client!) && !isHostKnown && !result?.consent) return undefined;
  const apiScopes = Object.entries(resourceServers).map(([audience, { scopes }]) => [audience, [...scopes]] as const);
  const requested = requestedPermissions(ctx.oidc.params ?? {}, Object.fromEntries(apiScopes));
  const ungranted = subtractPermissions(requested, permissionsIn(existing));
  if (isEmpty(ungranted)) return existing;
  const added = intersectPermissions(ungranted, consentedPermissions(ctx, ungranted, remembered));
  if (isEmpty(added)) return existing;

  const grant = existing ?? new provider.Grant({ accountId: account!.accountId, clientId: client!.clientId });
  if (added.scopes.length > 0) grant.addOIDCScope(added.scopes);
  if (added.claims.length > 0) grant.addOIDCClaims(added.claims);
  for (const [audience, scopes] of Object.entries(added.apiScopes)) grant.addResourceScope(audience, scopes);
  await grant.save();
  return grant;
}
