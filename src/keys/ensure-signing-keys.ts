/** Makes the first signing keys of a deployment: one of each algorithm. */
import { recordEvent } from '../audit/audit-repository.ts';
import type { Database } from '../platform/database.ts';
import { type Keyring, randomToken } from '../platform/secrets.ts';
import { insertSigningKey, listSigningKeys, lockSigningKeys, resealSigningKeys } from './signing-key-repository.ts';
import { makeSigningKey, phaseOf, signingAlgorithms, type SigningKey } from './signing-key.ts';
import { ensureSealedSecret } from './sealed-secret-repository.ts';

/** Returns all published keys; when several processes start at once, one makes them and the others wait. */
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
 * Made at the first start and never changed: apps know people by what is made of it, and with another salt everybody
 * would be a stranger everywhere. So it is not derived from the root secret, which is replaced now and then, but kept
 * in the database, sealed, and goes wherever the database goes.
 */
export const ensurePairwiseSalt = (db: Database, keyring: Keyring): Promise<string> =>
  db.inUnitOfWork(() => ensureSealedSecret(db, keyring, 'pairwise-salt', randomToken()));
