/** What an app may see, in the shape that views show it. */
import { listApis } from '../apis/api-repository.ts';
import type { Permissions } from '../grants/consent.ts';
import { knownScopes } from '../oidc/permissions/consent.ts';
import type { Database } from '../platform/database.ts';

export interface PermissionWords {
  scopes: string[];
  claims: string[];
  apis: { name: string; permissions: string[] }[];
}

/** APIs by their names, their scopes by the words they were registered with. */
export async function wordsFor(db: Database, { scopes, claims, apiScopes }: Permissions): Promise<PermissionWords> {
  const isAsked = Object.keys(apiScopes).length > 0;
  const apis = isAsked ? (await listApis(db)).filter(({ audience }) => Object.hasOwn(apiScopes, audience)) : [];
  return {
    // In the order of the texts, whatever the order an app asked in.
    scopes: knownScopes.filter((scope) => scope !== 'openid' && scopes.includes(scope)),
    claims,
    apis: apis.map(({ audience, name, scopes: words }) => ({
      name,
      permissions: apiScopes[audience]!.map((scope) => words[scope] ?? scope),
    })),
  };
}
