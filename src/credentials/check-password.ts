/** Checks the password of an account. */
import type { Database } from '../platform/database.ts';
import { findPasswordHash, replacePasswordHash } from './password-repository.ts';
import type { PasswordHasher } from './password.ts';

export interface PasswordCheck {
  isCorrect: boolean;
  /** The stored hash, when the password is correct and the hash has other parameters than new ones get. */
  outdatedHash?: string;
}

/** Verifies a password. An account that does not exist or has no password takes the same time. */
export async function checkPassword(
  db: Database,
  hasher: PasswordHasher,
  accountId: string | undefined,
  password: string,
): Promise<PasswordCheck> {
  const hash = accountId === undefined ? undefined : await findPasswordHash(db, accountId);
  const isCorrect = await hasher.verify(password, hash);
  return { isCorrect, ...(isCorrect && hash && hasher.isOutdated(hash) && { outdatedHash: hash }) };
}

/** Hashes a correct password anew if its hash is outdated. Slow, so it comes before the first write. */
export async function renewPasswordHash(
  db: Database,
  hasher: PasswordHasher,
  accountId: string,
  { outdatedHash }: PasswordCheck,
  password: string,
): Promise<void> {
  if (outdatedHash === undefined) return;
  replacePasswordHash(db, accountId, outdatedHash, await hasher.hash(password));
}
