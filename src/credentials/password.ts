/** Passwords: hashing with argon2id, and what a new one must be like. */
import argon2 from 'argon2';
import pLimit from 'p-limit';
import { availableParallelism } from 'node:os';
import { Refusal } from '../errors.ts';

/** 19 MiB, two passes, one lane (OWASP Password Storage, 2024). About 25 hashes per CPU-second. */
export const hashParameters = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

// NIST SP 800-63B-4 §3.1.1.2: at least 15 characters where the password is the only factor, no rules of composition.
const minCharacters = 15;
const maxCharacters = 256;

// Hashes run on libuv's threads, which file access and WebCrypto share: one core is left to them.
const maxAtOnce = Math.max(1, availableParallelism() - 1);
const maxQueue = 100;
const busySeconds = 5;

/** One form for equal passwords typed on different keyboards (NFKC, RFC 8265 §4.2). */
const normalise = (password: string): string => password.normalize('NFKC');

/** @throws Refusal `password_short`, `password_long` or `password_blank` */
export function requireAcceptablePassword(password: string): void {
  const length = [...normalise(password)].length;
  if (length < minCharacters) throw new Refusal('password_short', { min: minCharacters });
  if (length > maxCharacters) throw new Refusal('password_long', { max: maxCharacters });
  if (new Set(normalise(password)).size < 2) throw new Refusal('password_blank');
}

export interface PasswordHasher {
  hash(password: string): Promise<string>;
  /** Compares with a hash; with none at all it takes the same time and says no. */
  verify(password: string, hash: string | undefined): Promise<boolean>;
  /** Whether the hash was made with other parameters than today's. */
  isOutdated(hash: string): boolean;
  /** Turns a sign-in down while the queue is full, before anything is looked up for it. @throws Refusal `sign_in_busy` */
  requireCapacity(): void;
}

export async function createPasswordHasher(): Promise<PasswordHasher> {
  const limit = pLimit(maxAtOnce);
  const hash = (password: string) => limit(() => argon2.hash(normalise(password), hashParameters));
  // What an unknown account's password is compared with.
  const decoy = await hash('no account has this password');
  return {
    hash,
    async verify(password, stored) {
      const fits = await limit(() => argon2.verify(stored ?? decoy, normalise(password)));
      return stored !== undefined && fits;
    },
    isOutdated: (stored) => argon2.needsRehash(stored, hashParameters),
    requireCapacity() {
      if (limit.pendingCount >= maxQueue) throw new Refusal('sign_in_busy', {}, busySeconds);
    },
  };
}
