/** The permissions that an app requests and a person grants, as sets. */

export interface Permissions {
  /** OpenID Connect scopes. */
  scopes: string[];
  /** Claims requested by the `claims` parameter (OpenID Connect Core §5.5). */
  claims: string[];
  /** Audience → scopes at that API. */
  apiScopes: Record<string, string[]>;
}

/** The permissions that a person granted to an app, and the hosts of the redirect URIs that they were granted for. */
export interface Consent extends Permissions {
  redirectHosts: string[];
}

const intersection = (a: readonly string[], b: readonly string[]) => a.filter((value) => b.includes(value));
const union = (a: readonly string[], b: readonly string[]) => [...new Set([...a, ...b])];

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

export function unionPermissions(a: Permissions, b: Permissions): Permissions {
  const audiences = union(Object.keys(a.apiScopes), Object.keys(b.apiScopes));
  return {
    scopes: union(a.scopes, b.scopes),
    claims: union(a.claims, b.claims),
    apiScopes: Object.fromEntries(
      audiences.map((audience) => [audience, union(a.apiScopes[audience] ?? [], b.apiScopes[audience] ?? [])]),
    ),
  };
}

export const noPermissions: Permissions = { scopes: [], claims: [], apiScopes: {} };
