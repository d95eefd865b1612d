/** The salt of pairwise subjects. */
import type { Database } from '../platform/database.ts';
import { randomToken, type Keyring } from '../platform/secrets.ts';
import { keepSecret } from './sealed-secret-repository.ts';

/**
 * Made at the first start and never changed: apps know people by what is made of it, and with another salt everybody
 * would be a stranger everywhere. So it is not derived from the root secret, which is replaced now and then, but kept
 * in the database, sealed, and goes wherever the database goes.
 */
export const ensurePairwiseSalt = (db: Database, keyring: Keyring): Promise<string> =>
  db.inUnitOfWork(() => keepSecret(db, keyring, 'pairwise-salt', randomToken()));
