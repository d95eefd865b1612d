/** What an app asks a person for, and what was agreed: pure set arithmetic. */

export interface Permissions {
  /** OpenID Connect scopes. */
  scopes: string[];
  /** Single claims asked for by the `claims` parameter (OpenID Connect Core 5.5). */
  claims: string[];
  /** Audience → scopes at that API. */
  apiScopes: Record<string, string[]>;
}

/** What was agreed, and where the person agreed to be sent back to. */
export interface Consent extends Permissions {
  redirectHosts: string[];
}

const both = (one: readonly string[], other: readonly string[]) => one.filter((value) => other.includes(value));
const either = (one: readonly string[], other: readonly string[]) => [...new Set([...one, ...other])];

/** The part of what is asked that was agreed. */
export function intersectPermissions(asked: Permissions, agreed: Permissions): Permissions {
  const apis = Object.entries(asked.apiScopes).map(
    ([audience, scopes]) => [audience, both(scopes, agreed.apiScopes[audience] ?? [])] as const,
  );
  return {
    scopes: both(asked.scopes, agreed.scopes),
    claims: both(asked.claims, agreed.claims),
    apiScopes: Object.fromEntries(apis.filter(([, scopes]) => scopes.length > 0)),
  };
}

/** Everything in the one or the other. */
export function together(one: Permissions, other: Permissions): Permissions {
  const audiences = either(Object.keys(one.apiScopes), Object.keys(other.apiScopes));
  return {
    scopes: either(one.scopes, other.scopes),
    claims: either(one.claims, other.claims),
    apiScopes: Object.fromEntries(
      audiences.map((audience) => [audience, either(one.apiScopes[audience] ?? [], other.apiScopes[audience] ?? [])]),
    ),
  };
}

export const nothing: Permissions = { scopes: [], claims: [], apiScopes: {} };
