/** Scopes of OpenID Connect, and which of them a client may request. */
import { claimsOfScope } from './claims.ts';

export const knownScopes = [...Object.keys(claimsOfScope), 'offline_access'];

/** A client with its registered `scope`. A client without `scope` may request all scopes (RFC 7591 §2). */
interface WithScope {
  scope?: unknown;
}

const mayRequest = ({ scope: registered }: WithScope, scope: string): boolean =>
  typeof registered !== 'string' || registered.split(' ').includes(scope);

/** Claims about a person that the client's registered scopes stand for (OpenID Connect Core §5.4). */
const allowedClaims = (client: WithScope): Set<string> =>
  new Set(Object.entries(claimsOfScope).flatMap(([scope, claims]) => (mayRequest(client, scope) ? claims : [])));

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The `claims` parameter without claims that the client may not have. A malformed one is returned as it is: the library
 * refuses it.
 */
function withoutForbiddenClaims(text: string, client: WithScope): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return text;
  }
  if (!isObject(parsed)) return text;
  const [all, allowed] = [new Set(Object.values(claimsOfScope).flat()), allowedClaims(client)];
  const isAllowed = (name: string) => !all.has(name) || allowed.has(name) || claimsOfScope.openid.includes(name);
  const members = Object.entries(parsed).map(([member, names]) => [
    member,
    isObject(names) ? Object.fromEntries(Object.entries(names).filter(([name]) => isAllowed(name))) : names,
  ]);
  return JSON.stringify(Object.fromEntries(members));
}

/**
 * Leaves out the OpenID Connect scopes and claims that the client is not registered for (OpenID Connect Core §3.1.2.1,
 * §5.5). The token response says what was granted (RFC 6749 §5.1). Scopes of APIs are kept: resource-servers.ts decides
 * on them.
 */
export function restrictToRegistration(params: Record<string, unknown>, client: WithScope): void {
  const { scope, claims } = params;
  if (typeof claims === 'string') params['claims'] = withoutForbiddenClaims(claims, client);
  if (typeof scope !== 'string') return;
  const kept = scope.split(' ').filter((name) => !knownScopes.includes(name) || mayRequest(client, name));
  params['scope'] = kept.length > 0 ? kept.join(' ') : undefined;
}
