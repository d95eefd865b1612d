/** Resource servers (RFC 8707) for oidc-provider, from the registered APIs. */
import { errors, type Client as OidcClient, type ResourceServer } from 'oidc-provider';
import type { JwtType } from '../../apis/api.ts';
import { findCachedApi } from '../../apis/api-repository.ts';
import type { ClientApi } from '../../clients/client.ts';
import type { Database } from '../../platform/database.ts';

/**
 * `jwt` of a ResourceServer. The library passes it on unchanged, so it also carries the `typ` header of the API's JWTs.
 */
interface JwtOptions {
  sign: { alg: 'ES256' };
  type: JwtType;
}

export const jwtTypeOf = (server: ResourceServer | undefined): JwtType | undefined =>
  (server?.jwt as JwtOptions | undefined)?.type;

/** The APIs that a client may request access tokens for. */
export const apisOf = (client: OidcClient): ClientApi[] => (client['apis'] ?? []) as ClientApi[];

/** Maximum number of resources in a request: each may need a query. */
const maxResources = 10;

/**
 * The scopes, lifetime and format of the access tokens that a client gets for an API: opaque, or JWTs of RFC 9068
 * signed with ES256.
 *
 * @param audience value of `resource` (RFC 8707 §2)
 * @param params parameters of the request; unknown scopes are ignored (OpenID Connect Core §3.1.2.1)
 * @throws InvalidTarget when there is no such API, the client may not have tokens for it, or the request names more
 *   than 10 resources
 * @throws InvalidScope when the request names a scope of the API that this client may not have
 */
export async function resourceServerFor(
  db: Database,
  audience: string,
  client: OidcClient,
  { scope, resource }: Record<string, unknown>,
): Promise<ResourceServer> {
  if (Array.isArray(resource) && resource.length > maxResources)
    throw new errors.InvalidTarget(`at most ${maxResources} resources can be requested`);
  const clientApi = apisOf(client).find((api) => api.audience === audience);
  const api = clientApi && (await findCachedApi(db, audience));
  if (!api) throw new errors.InvalidTarget('this client may not have tokens for that resource');
  const allowed = clientApi.scopes.filter((name) => Object.hasOwn(api.scopes, name));
  const requested = typeof scope === 'string' ? scope.split(' ') : [];
  const refused = requested.find((name) => Object.hasOwn(api.scopes, name) && !allowed.includes(name));
  if (refused !== undefined) throw new errors.InvalidScope('this client may not have a requested scope', refused);
  const jwt: JwtOptions = { sign: { alg: 'ES256' }, type: api.jwtType };
  return {
    scope: allowed.join(' '),
    audience,
    accessTokenTTL: api.accessTokenLifetimeSeconds,
    ...(api.tokenFormat === 'jwt' ? { accessTokenFormat: 'jwt', jwt } : { accessTokenFormat: 'opaque' }),
  };
}

/**
 * Whether a client may introspect a token (RFC 7662 §4): its own, or one for the API that introspects as this client.
 */
export async function mayIntrospect(
  db: Database,
  client: OidcClient,
  token: { clientId?: string | undefined; aud?: string | string[] | undefined },
): Promise<boolean> {
  if (token.clientId === client.clientId) return true;
  const api = typeof token.aud === 'string' ? await findCachedApi(db, token.aud) : undefined;
  return api?.clientId === client.clientId;
}
