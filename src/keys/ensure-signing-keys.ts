/** Makes the first signing keys of a deployment: one of each algorithm. */
import { recordEvent } from '../audit/audit-repository.ts';
import type { Database } from '../platform/database.ts';
import type { Keyring } from '../platform/secrets.ts';
import { insertSigningKey, listSigningKeys, lockSigningKeys, resealSigningKeys } from './signing-key-repository.ts';
import { makeSigningKey, phaseOf, signingAlgorithms, type SigningKey } from './signing-key.ts';

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
