/** Makes keys of apps, and the JWTs that apps sign: request objects and client assertions. */
import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose';

export interface AppKey {
  kid: string;
  algorithm: string;
  privateKey: CryptoKey;
  publicJwk: JWK;
}

export async function makeKey(algorithm = 'RS256', kid: string = randomUUID()): Promise<AppKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const publicJwk = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' };
  return { kid, algorithm, privateKey, publicJwk };
}

export const jwksOf = (...keys: AppKey[]): { keys: JWK[] } => ({ keys: keys.map(({ publicJwk }) => publicJwk) });

export const signed = ({ kid, algorithm, privateKey }: AppKey, claims: JWTPayload, typ = 'JWT'): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg: algorithm, kid, typ }).sign(privateKey);

export const unsigned = (claims: JWTPayload): string => new UnsecuredJWT(claims).encode();

/** A client assertion (RFC 7523 §3). */
export async function assertion(
  key: AppKey,
  clientId: string,
  audience: string | string[],
  more: JWTPayload = {},
  typ?: string,
): Promise<Record<string, string>> {
  const now = Math.floor(Date.now() / 1000);
  const subject = { iss: clientId, sub: clientId, aud: audience, jti: randomUUID(), iat: now, exp: now + 60 };
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await signed(key, { ...subject, ...more }, typ),
  };
}
