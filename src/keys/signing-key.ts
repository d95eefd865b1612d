/** A signing key and its phases: announced, signing, retired. */
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';

export const signingAlgorithms = ['RS256', 'ES256'] as const;
export type SigningAlgorithm = (typeof signingAlgorithms)[number];

export interface SigningKey {
  kid: string;
  algorithm: SigningAlgorithm;
  privateJwk: JWK;
  /** The key is published before this time and signs from then on. */
  signsFrom: Date;
  /** The key stops signing at this time and stays published; undefined while no successor is announced. */
  retiresAt: Date | undefined;
}

export type SigningKeyPhase = 'announced' | 'signing' | 'retired';

export function phaseOf(key: Pick<SigningKey, 'signsFrom' | 'retiresAt'>, now = new Date()): SigningKeyPhase {
  if (key.retiresAt && key.retiresAt <= now) return 'retired';
  return key.signsFrom <= now ? 'signing' : 'announced';
}

/** Sorts keys for oidc-provider, which signs with the first key of an algorithm: signing keys first, newest first. */
export function inSigningOrder(keys: readonly SigningKey[], now = new Date()): SigningKey[] {
  const rank = { signing: 0, announced: 1, retired: 2 };
  return keys.toSorted(
    (a, b) => rank[phaseOf(a, now)] - rank[phaseOf(b, now)] || b.signsFrom.getTime() - a.signsFrom.getTime(),
  );
}

/** The next time at which a key starts or stops signing; undefined when there is none. */
export function nextChangeAt(keys: readonly SigningKey[], now = new Date()): Date | undefined {
  const times = keys.flatMap(({ signsFrom, retiresAt }) => [signsFrom, retiresAt]);
  const future = times.filter((time) => time !== undefined && time > now) as Date[];
  return future.toSorted((a, b) => a.getTime() - b.getTime())[0];
}

/** Creates a key pair: RSA with 2048 bits, or P-256. Its `kid` is the JWK thumbprint (RFC 7638). */
export async function makeSigningKey(algorithm: SigningAlgorithm, signsFrom: Date): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true, modulusLength: 2048 });
  const jwk = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(jwk);
  return { kid, algorithm, privateJwk: { ...jwk, kid, alg: algorithm, use: 'sig' }, signsFrom, retiresAt: undefined };
}

/** The public members of the JWK, as plain JSON. */
export function publicJwk({ privateJwk }: SigningKey): JWK {
  const { kty, crv, x, y, n, e, kid, alg, use } = privateJwk;
  return JSON.parse(JSON.stringify({ kty, crv, x, y, n, e, kid, alg, use })) as JWK;
}
