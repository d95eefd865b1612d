/** Creates the keys that every deployment needs: a signing key of each algorithm, and the salt of pairwise subjects. */
import { recordEvent } from '../audit/audit-repository.ts';
import type { Database } from '../platform/database.ts';
import { randomToken, type Keyring } from '../platform/secrets.ts';
import { ensureSealedSecret } from './sealed-secret-repository.ts';
import { insertSigningKey, listSigningKeys, lockSigningKeys, resealSigningKeys } from './signing-key-repository.ts';
import { makeSigningKey, phaseOf, signingAlgorithms, type SigningKey } from './signing-key.ts';

/**
 * Creates a key for each algorithm that no key signs with, and encrypts the stored keys with the newest root secret.
 * When several processes start at once, one does this while the others wait.
 *
 * @returns all published keys
 */
export async function ensureSigningKeys(db: Database, keyring: Keyring): Promise<SigningKey[]> {
  return db.inUnitOfWork(async () => {
    await lockSigningKeys(db);
    await resealSigningKeys(db, keyring);
    const keys = await listSigningKeys(db, keyring);
    for (const algorithm of signingAlgorithms) {
      if (keys.some((key) => key.algorithm === algorithm && phaseOf(key) === 'signing')) continue;
      const key = await makeSigningKey(algorithm, new Date());
      insertSigningKey(db, keyring, key);
      recordEvent(db, { kind: 'key.created', detail: { kid: key.kid, algorithm } });
      keys.push(key);
    }
    return keys;
  });
}

/**
 * The salt that pairwise subjects are computed with. It must never change, because every subject would change with it.
 * So it is stored in the database, sealed, and not derived from the root secret, which operators replace.
 */
export const ensurePairwiseSalt = (db: Database, keyring: Keyring): Promise<string> =>
  db.inUnitOfWork(() => ensureSealedSecret(db, keyring, 'pairwise-salt', randomToken()));
