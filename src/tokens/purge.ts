/** Deletes expired rows, in batches. */
import type { Database } from '../platform/database.ts';
import { purgeArtifacts, purgeGrants, purgeSessions, purgeShortLivedRows } from './purge-repository.ts';

const batchSize = 1000;
const maxBatches = 100;

async function purgeInBatches(purge: (db: Database, limit: number) => Promise<number>, db: Database): Promise<void> {
  for (let batch = 0; batch < maxBatches; batch += 1) {
    if ((await purge(db, batchSize)) < batchSize) return;
  }
}

/** Tokens before the grants that they refer to, and grants before their sessions. */
export async function purgeExpired(db: Database): Promise<void> {
  await purgeInBatches(purgeArtifacts, db);
  await purgeInBatches(purgeGrants, db);
  await purgeInBatches(purgeSessions, db);
  await purgeShortLivedRows(db);
}
