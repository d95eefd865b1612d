/** Passwords: the rules for a new one, and hashing with argon2id. */
import { availableParallelism } from 'node:os';
import { Refusal } from '../errors.ts';
import { createQueue, QueueRefused, type EnterOptions } from '../platform/bounded-queue.ts';
import { clientSignal, givingUpPlace } from '../platform/current-request.ts';
import { loadArgon2 } from './argon2.ts';

export const loadedArgon2 = loadArgon2();
const { argon2 } = loadedArgon2;

/** 19 MiB, two passes, one lane (OWASP Password Storage Cheat Sheet): 35 to 100 hashes per CPU-second, by the binary. */
export const hashParameters = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

// NIST SP 800-63B-4 §3.1.1.2: at least 15 characters where the password is the only factor, and no composition rules.
// Counted as Unicode code points after normalization.
const minCharacters = 15;
const maxCharacters = 256;

// Hashes run on the thread pool of libuv, which files and WebCrypto use too: one core is left to them.
const concurrency = Math.max(1, availableParallelism() - 1);
const maxWaiting = 100;
/** Milliseconds that a sign-in may wait until its password is hashed. */
const defaultMaxWait = 2_000;
const retryAfterSeconds = 5;

/** One form of a password for the different code points that keyboards send (NFKC, RFC 8265 §4.2). */
const normalise = (password: string): string => password.normalize('NFKC');

/** @throws Refusal `password_short`, `password_long` or `password_repetitive` */
export function requireAcceptablePassword(password: string): void {
  const length = [...normalise(password)].length;
  if (length < minCharacters) throw new Refusal('password_short', { min: minCharacters });
  if (length > maxCharacters) throw new Refusal('password_long', { max: maxCharacters });
  // The password is one character repeated, such as spaces.
  if (new Set(normalise(password)).size < 2) throw new Refusal('password_repetitive');
}

export interface PasswordHasher {
  /** @returns the hash in PHC string format */
  hash(password: string): Promise<string>;
  /** @returns whether the password has this hash; false, after the same time, when there is no hash */
  verify(password: string, hash: string | undefined): Promise<boolean>;
  /** Whether a hash has other parameters than new ones get. */
  isOutdated(hash: string): boolean;
  /**
   * To be called before an account is looked up: a sign-in that is refused here costs no query and counts against no
   * limit.
   *
   * @throws Refusal `sign_in_busy` when a hash is expected to wait longer than 70 % of the maximum
   */
  requireCapacity(): void;
}

export interface HasherOptions {
  maxWaitMilliseconds?: number;
}

/** 25 hashes per CPU-second. */
const expectedMilliseconds = 40;

export async function createPasswordHasher({
  maxWaitMilliseconds = defaultMaxWait,
}: HasherOptions = {}): Promise<PasswordHasher> {
  const queue = createQueue({ concurrency, maxWaiting, maxWaitMilliseconds, expectedMilliseconds });
  /** A hash whose client has left is not made; nobody reads this refusal. */
  const run = async <T>(work: () => Promise<T>, entering?: EnterOptions): Promise<T> => {
    try {
      return await givingUpPlace(() => queue.run(work, { mayWaitLong: true, ...entering }));
    } catch (error) {
      if (error instanceof QueueRefused) throw new Refusal('sign_in_busy', {}, retryAfterSeconds);
      throw error;
    }
  };
  const hash = (password: string) => run(() => argon2.hash(normalise(password), hashParameters));
  // A password for an unknown account is verified against this hash, so that it takes the same time.
  const decoy = await hash('no account has this password');
  return {
    hash,
    async verify(password, stored) {
      const verify = () => argon2.verify(stored ?? decoy, normalise(password));
      const isEqual = await run(verify, { signal: clientSignal() });
      return stored !== undefined && isEqual;
    },
    isOutdated: (stored) => argon2.needsRehash(stored, hashParameters),
    requireCapacity() {
      if (queue.isFull()) throw new Refusal('sign_in_busy', {}, retryAfterSeconds);
    },
  };
}
