/** Resource servers (RFC 8707) for oidc-provider, from our APIs. */
import { errors, type Client as OidcClient, type ResourceServer } from 'oidc-provider';
import type { JwtType } from '../../apis/api.ts';
import { findApi } from '../../apis/api-repository.ts';
import type { ClientApi } from '../../clients/client.ts';
import type { Database } from '../../platform/database.ts';

/** `typ` of an API's JWTs: carried in the one member that the library passes on as it is. */
interface JwtOptions {
  sign: { alg: 'ES256' };
  type: JwtType;
}

export const jwtTypeOf = (server: ResourceServer | undefined): JwtType | undefined =>
  (server?.jwt as JwtOptions | undefined)?.type;

export const apisOf = (client: OidcClient): ClientApi[] => (client['apis'] ?? []) as ClientApi[];

// Each costs a look-up.
const maxResources = 10;

/**
 * JWT access tokens of RFC 9068, signed with ES256, for a client that may ask for them.
 *
 * @param params of the request; scopes that no API knows are ignored, as OpenID Connect Core 3.1.2.1 wants
 * @throws InvalidTarget when there is no such API, the client may not have tokens for it, or too many are asked for
 * @throws InvalidScope when the API has a scope that this client may not have
 */
export async function resourceServerFor(
  db: Database,
  audience: string,
  client: OidcClient,
  { scope: asked, resource }: Record<string, unknown>,
): Promise<ResourceServer> {
  if (Array.isArray(resource) && resource.length > maxResources)
    throw new errors.InvalidTarget(`ask for ${maxResources} resources at most`);
  const allowed = apisOf(client).find((api) => api.audience === audience);
  const api = allowed && (await findApi(db, audience));
  if (!api) throw new errors.InvalidTarget('this client may not have tokens for that resource');
  const scopes = allowed.scopes.filter((scope) => Object.hasOwn(api.scopes, scope));
  const wanted = typeof asked === 'string' ? asked.split(' ') : [];
  const beyond = wanted.find((scope) => Object.hasOwn(api.scopes, scope) && !scopes.includes(scope));
  if (beyond !== undefined) throw new errors.InvalidScope('this client may not have a requested scope', beyond);
  const jwt: JwtOptions = { sign: { alg: 'ES256' }, type: api.jwtType };
  return {
    scope: scopes.join(' '),
    audience,
    accessTokenTTL: api.accessTokenLifetimeSeconds,
    ...(api.tokenFormat === 'jwt' ? { accessTokenFormat: 'jwt', jwt } : { accessTokenFormat: 'opaque' }),
  };
}

/** Whether a client may ask about a token (RFC 7662 §4): its own, or one for the API that it speaks for. */
export async function mayIntrospect(
  db: Database,
  client: OidcClient,
  token: { clientId?: string | undefined; aud?: string | string[] | undefined },
): Promise<boolean> {
  if (token.clientId === client.clientId) return true;
  const api = typeof token.aud === 'string' ? await findApi(db, token.aud) : undefined;
  return api?.clientId === client.clientId;
}
