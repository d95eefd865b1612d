/** Checks the password of an account. */
import type { Database } from '../platform/database.ts';
import { replacePasswordHash, type StoredPassword } from './password-repository.ts';
import type { PasswordHasher } from './password.ts';

export interface PasswordCheck {
  isCorrect: boolean;
  /** The stored hash, when the password is correct and the hash has other parameters than new ones get. */
  outdatedHash?: string;
}

/** Verifies a password. Without a stored password, the check takes the same time and fails. */
export async function checkPassword(
  hasher: PasswordHasher,
  stored: StoredPassword | undefined,
  password: string,
): Promise<PasswordCheck> {
  const isCorrect = await hasher.verify(password, stored?.hash);
  return { isCorrect, ...(isCorrect && stored && hasher.isOutdated(stored.hash) && { outdatedHash: stored.hash }) };
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
