/** APIs that tokens are issued for (RFC 8707), as the library wants to hear of them. */
import { errors, type Client as OidcClient, type ResourceServer } from 'oidc-provider';
import { findApi } from '../apis/api-repository.ts';
import type { ClientApi } from '../clients/client.ts';
import type { Database } from '../platform/database.ts';

export const apisOf = (client: OidcClient): ClientApi[] => (client['apis'] ?? []) as ClientApi[];

/**
 * JWT access tokens of RFC 9068, signed with ES256, for a client that may ask for them.
 *
 * @throws InvalidTarget when there is no such API, or the client may not have tokens for it
 */
export async function resourceServerFor(db: Database, audience: string, client: OidcClient): Promise<ResourceServer> {
  const allowed = apisOf(client).find((api) => api.audience === audience);
  const api = allowed && (await findApi(db, audience));
  if (!api) throw new errors.InvalidTarget('this client may not have tokens for that resource');
  const scopes = allowed.scopes.filter((scope) => Object.hasOwn(api.scopes, scope));
  return {
    scope: scopes.join(' '),
    audience,
    accessTokenTTL: api.accessTokenLifetimeSeconds,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'ES256' } },
  };
}
