/** The ways in which apps and APIs verify tokens, each with its own idea of when to fetch the keys. */
import { createRemoteJWKSet, jwtVerify, type JWTVerifyGetKey } from 'jose';
import * as client from 'openid-client';
import { audience, type RegisteredApp } from '../../support/cast.ts';
import { createCachingClient } from './caching-client.ts';
import { openidClient, type IssuedToken } from './tokens.ts';

/** @throws when the token does not verify */
export type Verify = (token: IssuedToken) => Promise<unknown>;

const accessTokens =
  (issuer: string, keys: JWTVerifyGetKey): Verify =>
  ({ accessToken }) =>
    jwtVerify(accessToken, keys, { issuer, audience, typ: 'at+jwt', algorithms: ['ES256'] });

/** jose as it comes: keeps keys for ten minutes; asks for one it lacks, but not within 30 s of the last time. */
export const joseVerifier = async (issuer: string): Promise<Verify> =>
  accessTokens(issuer, createRemoteJWKSet(new URL('/oauth/jwks', issuer)));

/** Keeps keys for as long as it is told to, and asks for none that it lacks. */
export const cachingVerifier = async (issuer: string): Promise<Verify> =>
  accessTokens(issuer, createCachingClient(`${issuer}/oauth/jwks`));

/** openid-client as it comes: asks for a key it lacks, but not within 60 s of the last time. */
export async function openidClientVerifier(issuer: string, app: RegisteredApp): Promise<Verify> {
  const config = await openidClient(issuer, app, client.useIdTokenResponseType);
  // The way in which it takes an ID token out of an address is the one that always checks the signature.
  return ({ idToken, nonce }) => {
    const address = new URL(`${app.redirectUri}#${new URLSearchParams({ id_token: idToken, state: 'x' }).toString()}`);
    return client.implicitAuthentication(config, address, nonce, { expectedState: 'x' });
  };
}
