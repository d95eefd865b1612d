/** Rotates signing keys: announces new keys, retires their predecessors, removes keys that were retired long ago. */
import { recordEvent } from '../audit/audit-repository.ts';
import type { Database } from '../platform/database.ts';
import type { Keyring } from '../platform/secrets.ts';
import type { Policy } from '../policy/policy.ts';
import {
  insertSigningKey,
  listSigningKeys,
  lockSigningKeys,
  removeSigningKey,
  retireSigningKey,
} from './signing-key-repository.ts';
import { makeSigningKey, signingAlgorithms, type SigningAlgorithm, type SigningKey } from './signing-key.ts';

export type KeyPolicy = Pick<Policy, 'key_life' | 'key_announcement' | 'key_retention'>;

interface RotationContext {
  db: Database;
  keyring: Keyring;
  policy: KeyPolicy;
}

const after = (date: Date, seconds: number) => new Date(date.getTime() + seconds * 1000);

/** Creates a key that signs from `signsFrom` on, and retires the other keys of its algorithm at that time. */
async function announceKey(
  { db, keyring }: RotationContext,
  keys: SigningKey[],
  algorithm: SigningAlgorithm,
  signsFrom: Date,
): Promise<void> {
  const key = await makeSigningKey(algorithm, signsFrom);
  insertSigningKey(db, keyring, key);
  recordEvent(db, { kind: 'key.created', detail: { kid: key.kid, algorithm } });
  for (const predecessor of keys) {
    const signsLonger = !predecessor.retiresAt || predecessor.retiresAt > signsFrom;
    if (predecessor.algorithm === algorithm && signsLonger) retireSigningKey(db, predecessor.kid, signsFrom);
  }
}

/** Announces and removes keys when the policy says so. Several processes may call it at once. */
export async function rotateSigningKeys(context: RotationContext, now = new Date()): Promise<void> {
  const { db, keyring, policy } = context;
  await db.inUnitOfWork(async () => {
    await lockSigningKeys(db);
    // The keys are sorted newest first.
    const keys = await listSigningKeys(db, keyring);
    for (const algorithm of signingAlgorithms) {
      const newest = keys.find((key) => key.algorithm === algorithm);
      const isDue = !newest || after(newest.signsFrom, policy.key_life - policy.key_announcement) <= now;
      if (isDue) await announceKey(context, keys, algorithm, after(now, policy.key_announcement));
    }
    for (const { kid, retiresAt } of keys) {
      if (!retiresAt || after(retiresAt, policy.key_retention) > now) continue;
      removeSigningKey(db, kid);
      recordEvent(db, { kind: 'key.removed', detail: { kid } });
    }
  });
}

/**
 * Announces a new key of every algorithm, whether it is due or not.
 *
 * @param isImmediate whether the new keys sign at once, for when an old key may be compromised. An app refuses their
 *   tokens until it has fetched the new keys
 */
export async function rotateNow(context: RotationContext, isImmediate: boolean): Promise<void> {
  const { db, keyring, policy } = context;
  await db.inUnitOfWork(async () => {
    await lockSigningKeys(db);
    const keys = await listSigningKeys(db, keyring);
    const now = new Date();
    const signsFrom = isImmediate ? now : after(now, policy.key_announcement);
    for (const algorithm of signingAlgorithms) await announceKey(context, keys, algorithm, signsFrom);
  });
}
