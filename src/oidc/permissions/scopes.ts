/** Scopes of OpenID Connect, and which of them a client may request. */
import { claimsOfScope } from './claims.ts';

export const knownScopes = [...Object.keys(claimsOfScope), 'offline_access'];

/** A client's registered `scope`. Without one it may request all (RFC 7591 §2). */
interface WithScope {
  scope?: unknown;
}

const mayRequest = ({ scope: registered }: WithScope, scope: string): boolean =>
  typeof registered !== 'string' || registered.split(' ').includes(scope);

/** Claims about a person that the client's registered scopes stand for (OpenID Connect Core §5.4). */
const claimsOf = (client: WithScope): Set<string> =>
  new Set(Object.entries(claimsOfScope).flatMap(([scope, claims]) => (mayRequest(client, scope) ? claims : [])));

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The `claims` parameter without claims that the client may not have. What is malformed is left to the library. */
function withoutForbiddenClaims(text: string, client: WithScope): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return text;
  }
  if (!isObject(parsed)) return text;
  const [all, allowed] = [new Set(Object.values(claimsOfScope).flat()), claimsOf(client)];
  const keep = (name: string) => !all.has(name) || allowed.has(name) || claimsOfScope.openid.includes(name);
  const members = Object.entries(parsed).map(([member, names]) => [
    member,
    isObject(names) ? Object.fromEntries(Object.entries(names).filter(([name]) => keep(name))) : names,
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
