/** The life of signing keys: announces the next one in good time, retires the one before, removes what nobody needs. */
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

interface Keys {
  db: Database;
  keyring: Keyring;
  policy: KeyPolicy;
}

const after = (date: Date, seconds: number) => new Date(date.getTime() + seconds * 1000);

/** Makes the next key of an algorithm, and lets those before it sign until it begins. */
async function announce(
  { db, keyring }: Keys,
  keys: SigningKey[],
  algorithm: SigningAlgorithm,
  at: Date,
): Promise<void> {
  const key = await makeSigningKey(algorithm, at);
  insertSigningKey(db, keyring, key);
  recordEvent(db, { kind: 'key.created', detail: { kid: key.kid, algorithm } });
  for (const before of keys) {
    if (before.algorithm === algorithm && (!before.retiresAt || before.retiresAt > at))
      retireSigningKey(db, before.kid, at);
  }
}

/** Does what is due by the policy. Any number of processes may ask: one does it. */
export async function rotateSigningKeys({ db, keyring, policy }: Keys, now = new Date()): Promise<void> {
  await db.inUnitOfWork(async () => {
    await lockSigningKeys(db);
    const keys = await listSigningKeys(db, keyring);
    for (const algorithm of signingAlgorithms) {
      const newest = keys.find((key) => key.algorithm === algorithm);
      const isDue = !newest || after(newest.signsFrom, policy.key_life - policy.key_announcement) <= now;
      if (isDue) await announce({ db, keyring, policy }, keys, algorithm, after(now, policy.key_announcement));
    }
    for (const { kid, retiresAt } of keys) {
      if (!retiresAt || after(retiresAt, policy.key_retention) > now) continue;
      removeSigningKey(db, kid);
      recordEvent(db, { kind: 'key.removed', detail: { kid } });
    }
  });
}

/**
 * Rotates all algorithms out of turn.
 *
 * @param isImmediate the new keys sign at once: for a key that may be in other hands. Apps that have not fetched them
 *   yet fetch them when they meet the first token.
 */
export async function rotateNow({ db, keyring, policy }: Keys, isImmediate: boolean): Promise<void> {
  await db.inUnitOfWork(async () => {
    await lockSigningKeys(db);
    const keys = await listSigningKeys(db, keyring);
    const now = new Date();
    const at = isImmediate ? now : after(now, policy.key_announcement);
    for (const algorithm of signingAlgorithms) await announce({ db, keyring, policy }, keys, algorithm, at);
  });
}
