/** A signing key and its life: announced, signing, retired, gone. */
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';

export const signingAlgorithms = ['RS256', 'ES256'] as const;
export type SigningAlgorithm = (typeof signingAlgorithms)[number];

export interface SigningKey {
  kid: string;
  algorithm: SigningAlgorithm;
  privateJwk: JWK;
  /** Published before this time, used after it. */
  signsFrom: Date;
  /** Signs no more after this time, but stays published. */
  retiresAt: Date | undefined;
}

export type SigningKeyPhase = 'announced' | 'signing' | 'retired';

export function phaseOf(key: Pick<SigningKey, 'signsFrom' | 'retiresAt'>, now = new Date()): SigningKeyPhase {
  if (key.retiresAt && key.retiresAt <= now) return 'retired';
  return key.signsFrom <= now ? 'signing' : 'announced';
}

/** The order in which the provider must get the keys: it signs with the first that fits an algorithm. */
export function inSigningOrder(keys: readonly SigningKey[], now = new Date()): SigningKey[] {
  const rank = { signing: 0, announced: 1, retired: 2 };
  return keys.toSorted(
    (one, other) =>
      rank[phaseOf(one, now)] - rank[phaseOf(other, now)] || other.signsFrom.getTime() - one.signsFrom.getTime(),
  );
}

/** When another key begins to sign, or one stops; undefined when nothing is to come. */
export function nextChangeAt(keys: readonly SigningKey[], now = new Date()): Date | undefined {
  const times = keys.flatMap(({ signsFrom, retiresAt }) => [signsFrom, retiresAt]);
  const coming = times.filter((time) => time !== undefined && time > now) as Date[];
  return coming.toSorted((one, other) => one.getTime() - other.getTime())[0];
}

/** A new pair (RSA of 2048 bits, or P-256), named by its thumbprint (RFC 7638). */
export async function makeSigningKey(algorithm: SigningAlgorithm, signsFrom: Date): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true, modulusLength: 2048 });
  const jwk = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(jwk);
  return { kid, algorithm, privateJwk: { ...jwk, kid, alg: algorithm, use: 'sig' }, signsFrom, retiresAt: undefined };
}

/** The half that may be shown to anyone. */
export function publicJwk({ privateJwk }: SigningKey): JWK {
  const { kty, crv, x, y, n, e, kid, alg, use } = privateJwk;
  return JSON.parse(JSON.stringify({ kty, crv, x, y, n, e, kid, alg, use })) as JWK;
}
