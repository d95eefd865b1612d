/** Introspection of JWT access tokens (RFC 7662 §2.2). oidc-provider introspects opaque tokens only. */
import { createLocalJWKSet, jwtVerify, type JWK, type JWTPayload } from 'jose';
import type { Client, Provider } from 'oidc-provider';
import type { Database } from '../../platform/database.ts';
import { readGrant } from '../prefetch/prefetch.ts';
import { protocolContext } from '../protocol-context.ts';

/** Prefix of a JWT, so that the library takes the JWT for an opaque token and looks it up. */
const marker = 'jwt:';
const separator = '~';

/** The `jti` of a JWT access token names its grant, so that a revocation of the grant is known at introspection. */
export const jtiWithGrant = (grantId: string, jti: string): string => `${grantId}${separator}${jti}`;

/** @returns undefined for a token of the client credentials grant, which has no Grant */
const grantIdOf = (jti: string | undefined): string | undefined =>
  jti?.includes(separator) === true ? jti.split(separator)[0] : undefined;

type Find = (value: string, options?: object) => Promise<object | undefined>;
interface TokenModel {
  find: Find;
  new (payload: object): object;
}

interface Models {
  Client: { find(id: string): Promise<Client | undefined> };
  AccessToken: TokenModel;
  ClientCredentials: TokenModel;
  RefreshToken: TokenModel;
}

/** `typ` headers of JWT access tokens: `at+jwt` (RFC 9068), or `JWT` (RFC 7519 §5.1) if the API is registered so. */
const accessTokenTypes = new Set(['at+jwt', 'JWT']);

/**
 * Makes the models find JWT access tokens at the introspection endpoint.
 *
 * @param keys signing keys; their private members are not used
 */
export function makeJwtsIntrospectable(provider: Provider, db: Database, keys: JWK[]): void {
  const { Client: clients, AccessToken, ClientCredentials, RefreshToken } = provider as unknown as Models;
  const keySet = createLocalJWKSet({
    keys: keys.map(({ d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...key }) => key),
  });

  async function verify(jwt: string): Promise<JWTPayload | undefined> {
    try {
      const { payload, protectedHeader } = await jwtVerify(jwt, keySet, { issuer: provider.issuer });
      return accessTokenTypes.has(protectedHeader.typ ?? '') ? payload : undefined;
    } catch {
      // A JWT that cannot be verified, or has expired, is not an active token.
      return undefined;
    }
  }

  async function findJwt(jwt: string): Promise<object | undefined> {
    const payload = await verify(jwt);
    if (!payload) return undefined;
    const { jti, aud, scope, iat, exp, client_id: clientId, sub, iss: _iss, ...extra } = payload;
    const token = { jti, aud, scope, iat, exp, clientId, extra };
    const grantId = grantIdOf(jti);
    if (grantId === undefined) {
      const client = sub === clientId ? await clients.find(String(clientId)) : undefined;
      return client && new ClientCredentials({ ...token, kind: 'ClientCredentials' });
    }
    const grant = await readGrant(db, grantId);
    return grant && new AccessToken({ ...token, kind: 'AccessToken', grantId, accountId: grant.accountId });
  }

  const findClient = clients.find.bind(clients);
  clients.find = async (id) => {
    // The library rejects JWTs at introspection, but looks for the client first, so the token is marked here. Opaque
    // tokens have no dots.
    const { route, params } = protocolContext()?.oidc ?? {};
    const token = params?.['token'];
    if (route === 'introspection' && typeof token === 'string' && token.includes('.')) {
      params!['token'] = `${marker}${token}`;
    }
    return findClient(id);
  };

  const isJwt = (value: string) => protocolContext()?.oidc.route === 'introspection' && value.startsWith(marker);
  const findOpaqueAccessToken = AccessToken.find.bind(AccessToken);
  AccessToken.find = (value, options) =>
    isJwt(value) ? findJwt(value.slice(marker.length)) : findOpaqueAccessToken(value, options);
  for (const model of [ClientCredentials, RefreshToken]) {
    const findOpaque = model.find.bind(model);
    model.find = async (value, options) => (isJwt(value) ? undefined : findOpaque(value, options));
  }
}
