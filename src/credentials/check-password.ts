/** Says whether a password is an account's. */
import type { Database } from '../platform/database.ts';
import { findPasswordHash, replacePasswordHash } from './password-repository.ts';
import type { PasswordHasher } from './password.ts';

export interface PasswordCheck {
  isRight: boolean;
  /** The stored hash, when it was made with parameters that have moved on since. */
  outdatedHash?: string;
}

/** Takes the same time for an account that does not exist or has no password. */
export async function checkPassword(
  db: Database,
  hasher: PasswordHasher,
  accountId: string | undefined,
  password: string,
): Promise<PasswordCheck> {
  const hash = accountId === undefined ? undefined : await findPasswordHash(db, accountId);
  const isRight = await hasher.verify(password, hash);
  return { isRight, ...(isRight && hash && hasher.isOutdated(hash) && { outdatedHash: hash }) };
}

/** Hashes a right password again with today's parameters; before the first write, because it is slow. */
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
