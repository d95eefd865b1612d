/** Clears away what has expired, a little at a time. */
import type { Database } from '../platform/database.ts';
import { purgeArtifacts, purgeGrants, purgeSessions, purgeShortLivedRows } from './purge-repository.ts';

const maxAtOnce = 1000;
const maxRounds = 100;

async function untilDone(purge: (db: Database, limit: number) => Promise<number>, db: Database): Promise<void> {
  for (let round = 0; round < maxRounds; round += 1) {
    if ((await purge(db, maxAtOnce)) < maxAtOnce) return;
  }
}

/** Tokens before the grants they hang on, and these before the sessions they came of. */
export async function purgeExpired(db: Database): Promise<void> {
  await untilDone(purgeArtifacts, db);
  await untilDone(purgeGrants, db);
  await untilDone(purgeSessions, db);
  await purgeShortLivedRows(db);
}
