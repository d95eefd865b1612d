/** Rotates refresh tokens in one line: a repeat within the grace gets the newest token, and never a second line. */
import { randomBytes } from 'node:crypto';
import type { Database } from '../platform/database.ts';
import type { Keyring } from '../platform/secrets.ts';
import { findRefreshToken, useRefreshToken, type UsedRefreshToken } from './refresh-token-repository.ts';

const kind = 'RefreshToken';
const saltBytes = 16;
/** Rotations that a line can have had within the grace. */
const maxSteps = 100;

export interface Rotation {
  /** The token to answer with. */
  successor: string;
  /** Digest of the token that was used, as stored. */
  parentHash: Buffer;
  /** The successor has no row yet. */
  isNew: boolean;
}

/**
 * Uses a refresh token. Its successor is derived from it, so that lost answers and several tabs get the same one from
 * every process, and nothing that could be used is stored.
 *
 * @returns undefined when the token was used before and its grace is over: a replay (RFC 9700 §4.14.2)
 */
export async function rotateRefreshToken(db: Database, keyring: Keyring, token: string): Promise<Rotation | undefined> {
  const used = await useRefreshToken(db, keyring.digests(kind, token), randomBytes(saltBytes));
  if (!used) return undefined;
  const successor = keyring.successor(used.idHash, used.salt, token);
  if (used.isFirst) return { successor, parentHash: used.idHash, isNew: true };
  const newest = await findNewest(db, keyring, successor);
  return newest === undefined ? undefined : { successor: newest, parentHash: used.idHash, isNew: false };
}

/** @returns the unused token at the end of a line; undefined when the line has ended */
async function findNewest(db: Database, keyring: Keyring, first: string): Promise<string | undefined> {
  let token = first;
  for (let step = 0; step < maxSteps; step += 1) {
    const found: 'unused' | UsedRefreshToken | undefined = await findRefreshToken(db, keyring.digests(kind, token));
    if (found === 'unused') return token;
    if (!found) return undefined;
    token = keyring.successor(found.idHash, found.salt, token);
  }
  return undefined;
}
