/** The permissions that an app requests and a person grants, as sets. */

export interface Permissions {
  /** OpenID Connect scopes. */
  scopes: string[];
  /** Claims requested by the `claims` parameter (OpenID Connect Core §5.5). */
  claims: string[];
  /** Audience → scopes at that API. */
  apiScopes: Record<string, string[]>;
}

/** The permissions that a person granted, and the hosts of the redirect URIs for which they did. */
export interface Consent extends Permissions {
  redirectHosts: string[];
}

const intersection = (one: readonly string[], other: readonly string[]) => one.filter((value) => other.includes(value));
const union = (one: readonly string[], other: readonly string[]) => [...new Set([...one, ...other])];

/** The requested permissions that were granted. */
export function intersectPermissions(requested: Permissions, granted: Permissions): Permissions {
  const apis = Object.entries(requested.apiScopes).map(
    ([audience, scopes]) => [audience, intersection(scopes, granted.apiScopes[audience] ?? [])] as const,
  );
  return {
    scopes: intersection(requested.scopes, granted.scopes),
    claims: intersection(requested.claims, granted.claims),
    apiScopes: Object.fromEntries(apis.filter(([, scopes]) => scopes.length > 0)),
  };
}

export function unionPermissions(one: Permissions, other: Permissions): Permissions {
  const audiences = union(Object.keys(one.apiScopes), Object.keys(other.apiScopes));
  return {
    scopes: union(one.scopes, other.scopes),
    claims: union(one.claims, other.claims),
    apiScopes: Object.fromEntries(
      audiences.map((audience) => [audience, union(one.apiScopes[audience] ?? [], other.apiScopes[audience] ?? [])]),
    ),
  };
}

export const noPermissions: Permissions = { scopes: [], claims: [], apiScopes: {} };
