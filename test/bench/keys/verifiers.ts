/** Libraries that verify tokens, each with its own rule for fetching keys. */
import { createRemoteJWKSet, jwtVerify, type JWTVerifyGetKey } from 'jose';
import * as client from 'openid-client';
import { audience, type RegisteredApp } from '../../support/people-and-apps.ts';
import { createCachingClient } from './caching-client.ts';
import { openidClient, type IssuedToken } from './tokens.ts';

/** Verifies a token. @throws Error when it is not valid */
export type Verify = (token: IssuedToken) => Promise<unknown>;

const verifyAccessTokens =
  (issuer: string, keys: JWTVerifyGetKey): Verify =>
  ({ accessToken }) =>
    jwtVerify(accessToken, keys, { issuer, audience, typ: 'at+jwt', algorithms: ['ES256'] });

/** jose with its defaults: caches keys for ten minutes; fetches for an unknown key, at most every 30 s. */
export const joseVerifier = async (issuer: string): Promise<Verify> =>
  verifyAccessTokens(issuer, createRemoteJWKSet(new URL('/oauth/jwks', issuer)));

/** Caches keys for as long as the response headers allow, and does not fetch for an unknown key. */
export const cachingVerifier = async (issuer: string): Promise<Verify> =>
  verifyAccessTokens(issuer, createCachingClient(`${issuer}/oauth/jwks`));

/** openid-client with its defaults: fetches for an unknown key, at most every 60 s. */
export async function openidClientVerifier(issuer: string, app: RegisteredApp): Promise<Verify> {
  const config = await openidClient(issuer, app, client.useIdTokenResponseType);
  // Its implicit flow always verifies the signature of the ID token.
  return ({ idToken, nonce }) => {
    const address = new URL(`${app.redirectUri}#${new URLSearchParams({ id_token: idToken, state: 'x' }).toString()}`);
    return client.implicitAuthentication(config, address, nonce, { expectedState: 'x' });
  };
}
