/** Rotates refresh tokens. Repeated use in the grace period gives the family's newest token, so no family branches. */
import { randomBytes } from 'node:crypto';
import type { Database } from '../platform/database.ts';
import type { Keyring } from '../platform/secrets.ts';
import { findRefreshToken, useRefreshToken, type UsedRefreshToken } from './refresh-token-repository.ts';

const kind = 'RefreshToken';
const saltBytes = 16;
/** Maximum number of successors that are followed from a used token to the newest token of its family. */
const maxSuccessors = 100;

export interface Rotation {
  /** The refresh token for the response. */
  successor: string;
  /** Digest of the token that was used, as stored. */
  parentHash: Buffer;
  /** Whether the successor is not stored yet. */
  isNew: boolean;
}

/** The first rotation of a token that was read as unused; exchange-repository.ts stores it. @param idHash as stored */
export function firstRotation(keyring: Keyring, idHash: Buffer, token: string): { rotation: Rotation; salt: Buffer } {
  const salt = randomBytes(saltBytes);
  return { salt, rotation: { successor: keyring.successor(idHash, salt, token), parentHash: idHash, isNew: true } };
}

/**
 * Uses a refresh token. Its successor is derived from it, so that every process returns the same successor to
 * concurrent requests and after a lost response, although no usable token is stored.
 *
 * @returns undefined when the token was used before and its grace period is over (a replay, RFC 9700 §4.14.2), and when
 *   its family has no unused token, or only after more than 100 successors
 */
export async function rotateRefreshToken(db: Database, keyring: Keyring, token: string): Promise<Rotation | undefined> {
  const used = await useRefreshToken(db, keyring.digests(kind, token), randomBytes(saltBytes));
  if (!used) return undefined;
  const successor = keyring.successor(used.idHash, used.salt, token);
  if (used.isFirst) return { successor, parentHash: used.idHash, isNew: true };
  const newest = await findNewest(db, keyring, successor);
  return newest === undefined ? undefined : { successor: newest, parentHash: used.idHash, isNew: false };
}

/**
 * Follows the successors of a token.
 *
 * @param start where the search begins: the successor of the used token
 * @returns the first unused token; undefined when there is none
 */
async function findNewest(db: Database, keyring: Keyring, start: string): Promise<string | undefined> {
  let token = start;
  for (let step = 0; step < maxSuccessors; step += 1) {
    const state: 'unused' | UsedRefreshToken | undefined = await findRefreshToken(db, keyring.digests(kind, token));
    if (state === 'unused') return token;
    if (!state) return undefined;
    token = keyring.successor(state.idHash, state.salt, token);
  }
  return undefined;
}
