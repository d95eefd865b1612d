/** Libraries that verify tokens, each with its own rule for fetching keys. */
import { createRemoteJWKSet, jwtVerify, type JWTVerifyGetKey } from 'jose';
import * as client from 'openid-client';
import { audience, type RegisteredApp } from '../../support/people-and-apps.ts';
import { createCachingClient } from './caching-client.ts';
import { openidClient, type IssuedToken } from './tokens.ts';

/** @throws when the token does not verify */
export type Verify = (token: IssuedToken) => Promise<unknown>;

const accessTokens =
  (issuer: string, keys: JWTVerifyGetKey): Verify =>
  ({ accessToken }) =>
    jwtVerify(accessToken, keys, { issuer, audience, typ: 'at+jwt', algorithms: ['ES256'] });

/** jose by default: caches keys for ten minutes; fetches for an unknown key, at most every 30 s. */
export const joseVerifier = async (issuer: string): Promise<Verify> =>
  accessTokens(issuer, createRemoteJWKSet(new URL('/oauth/jwks', issuer)));

/** Caches keys for as long as the headers allow, and does not fetch for an unknown key. */
export const cachingVerifier = async (issuer: string): Promise<Verify> =>
  accessTokens(issuer, createCachingClient(`${issuer}/oauth/jwks`));

/** openid-client by default: fetches for an unknown key, at most every 60 s. */
export async function openidClientVerifier(issuer: string, app: RegisteredApp): Promise<Verify> {
  const config = await openidClient(issuer, app, client.useIdTokenResponseType);
  // Its implicit flow always verifies the signature of the ID token.
  return ({ idToken, nonce }) => {
    const address = new URL(`${app.redirectUri}#${new URLSearchParams({ id_token: idToken, state: 'x' }).toString()}`);
    return client.implicitAuthentication(config, address, nonce, { expectedState: 'x' });
  };
}
