/** Clears away what has expired, a little at a time. */
import type { Database } from '../platform/database.ts';
import { purgeArtifacts, purgeGrants, purgeSessions, purgeSmallThings } from './purge-repository.ts';

const mostAtOnce = 1000;
const mostRounds = 100;

async function untilDone(purge: (db: Database, most: number) => Promise<number>, db: Database): Promise<void> {
  for (let round = 0; round < mostRounds; round += 1) {
    if ((await purge(db, mostAtOnce)) < mostAtOnce) return;
  }
}

/** Tokens before the grants they hang on, and these before the sessions they came of. */
export async function purgeExpired(db: Database): Promise<void> {
  await untilDone(purgeArtifacts, db);
  await untilDone(purgeGrants, db);
  await untilDone(purgeSessions, db);
  await purgeSmallThings(db);
}
