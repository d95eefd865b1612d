/** What an app requested, what the person consented to before, and the grant that results. */
import { errors, type Client as OidcClient, type Grant, type KoaContextWithOIDC } from 'oidc-provider';
import { intersectPermissions, noPermissions, unionPermissions, type Permissions } from '../../grants/consent.ts';
import { isLoopbackAddress } from '../../clients/client-uri.ts';
import { findConsent } from '../../grants/consent-repository.ts';
import type { Database } from '../../platform/database.ts';
import { claimsOfScope } from './claims.ts';
import { knownScopes } from './scopes.ts';

/** Claims about the authentication, not about the person: they need no consent. */
const authenticationClaims = new Set(['sub', 'sid', 'auth_time', 'acr', 'amr', 'iss']);

/** First-party apps need no consent. */
export const isFirstParty = (client: OidcClient): boolean => client['first_party'] === true;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const wordsOf = (value: unknown): string[] => textOf(value).split(' ').filter(Boolean);

function requestedClaims(parameter: unknown): string[] {
  if (typeof parameter !== 'string') return [];
  const { userinfo, id_token: idToken } = JSON.parse(parameter) as Record<string, object | undefined>;
  const known = new Set(Object.values(claimsOfScope).flat());
  const names = [...Object.keys(userinfo ?? {}), ...Object.keys(idToken ?? {})];
  return [...new Set(names)].filter((name) => known.has(name) && !authenticationClaims.has(name));
}

/** @param apiScopes audience → scopes that exist there and that this client may have */
export function requestedPermissions(
  params: Readonly<Record<string, unknown>>,
  apiScopes: Readonly<Record<string, readonly string[]>>,
): Permissions {
  const scopes = wordsOf(params['scope']);
  const apis = Object.entries(apiScopes).map(
    ([audience, known]) => [audience, scopes.filter((scope) => known.includes(scope))] as const,
  );
  return {
    scopes: scopes.filter((scope) => knownScopes.includes(scope)),
    claims: requestedClaims(params['claims']),
    apiScopes: Object.fromEntries(apis.filter(([, asked]) => asked.length > 0)),
  };
}

/** Values of `resource` (RFC 8707 §2). */
export const requestedResources = (params: Readonly<Record<string, unknown>>): string[] =>
  [params['resource'] ?? []].flat().map(textOf).filter(Boolean);

function permissionsIn(grant: Grant | undefined): Permissions {
  if (!grant) return noPermissions;
  const apis = Object.entries(grant.resources ?? {}).map(([audience, scope]) => [audience, wordsOf(scope)] as const);
  return {
    scopes: wordsOf(grant.openid?.scope),
    claims: grant.openid?.claims ?? [],
    apiScopes: Object.fromEntries(apis),
  };
}

/**
 * The host that a redirect URI leads to; the scheme, where an app has one of its own. A program on the person's own
 * machine takes another port each time (RFC 8252 §7.3).
 */
export const hostOf = (redirectUri: unknown): string => {
  const { host, hostname, protocol } = URL.parse(textOf(redirectUri)) ?? {};
  // A private-use URI scheme has no host.
  if (!/^https?:$/.test(protocol ?? '')) return protocol ?? '';
  return (isLoopbackAddress(hostname ?? '') ? hostname : host) ?? '';
};

/** What needs no further consent: everything for first-party apps, else what was consented to before or just now. */
function consentedPermissions(
  ctx: KoaContextWithOIDC,
  asked: Permissions,
  before: Permissions | undefined,
): Permissions {
  const { client, result } = ctx.oidc;
  if (isFirstParty(client!)) return asked;
  // The consent page was about this very request.
  const now = result?.consent ? asked : noPermissions;
  // An app that registered itself is not vouched for: consent counts for one session (RFC 9700 §4.15).
  return client!['self_registered'] === true ? now : unionPermissions(now, before ?? noPermissions);
}

const isEmpty = ({ scopes, claims, apiScopes }: Permissions) =>
  scopes.length === 0 && claims.length === 0 && Object.keys(apiScopes).length === 0;

function missing(asked: Permissions, has: Permissions): Permissions {
  const without = (one: string[], other: string[] = []) => one.filter((value) => !other.includes(value));
  const apis = Object.entries(asked.apiScopes).map(
    ([audience, scopes]) => [audience, without(scopes, has.apiScopes[audience])] as const,
  );
  return {
    scopes: without(asked.scopes, has.scopes),
    claims: without(asked.claims, has.claims),
    apiScopes: Object.fromEntries(apis.filter(([, scopes]) => scopes.length > 0)),
  };
}

/**
 * Loads or makes the grant of this session and client, and adds what this request needs no further consent for. One
 * grant per session and client: signing out revokes it for this browser alone.
 *
 * @returns undefined when the person must be asked
 * @throws InvalidRedirectUri when the redirect URI was removed from the client while a page was open
 */
export async function grantFor(db: Database, ctx: KoaContextWithOIDC): Promise<Grant | undefined> {
  const { client, account, session, provider, params, result, resourceServers = {} } = ctx.oidc;
  // The library checks this only when a request begins.
  if (!client!.redirectUriAllowed(textOf(params?.['redirect_uri']))) throw new errors.InvalidRedirectUri();
  const grantId = session!.grantIdFor(client!.clientId);
  const existing = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  const before = isFirstParty(client!) ? undefined : await findConsent(db, account!.accountId, client!.clientId);
  // Another redirect host needs consent of its own.
  const isHostKnown = before?.redirectHosts.includes(hostOf(params?.['redirect_uri'])) ?? false;
  if (!isFirstParty(client!) && !isHostKnown && !result?.consent) return undefined;
  const known = Object.entries(resourceServers).map(([audience, { scopes }]) => [audience, [...scopes]] as const);
  const asked = missing(
    requestedPermissions(ctx.oidc.params ?? {}, Object.fromEntries(known)),
    permissionsIn(existing),
  );
  if (isEmpty(asked)) return existing;
  const agreed = intersectPermissions(asked, consentedPermissions(ctx, asked, before));
  if (isEmpty(agreed)) return existing;

  const grant = existing ?? new provider.Grant({ accountId: account!.accountId, clientId: client!.clientId });
  if (agreed.scopes.length > 0) grant.addOIDCScope(agreed.scopes);
  if (agreed.claims.length > 0) grant.addOIDCClaims(agreed.claims);
  for (const [audience, scopes] of Object.entries(agreed.apiScopes)) grant.addResourceScope(audience, scopes);
  await grant.save();
  return grant;
}
