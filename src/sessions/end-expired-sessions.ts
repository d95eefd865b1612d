/** Ends the sessions whose time is over, so that their apps hear of it. Nobody can use them since then anyway. */
import type { Database } from '../platform/database.ts';
import { endSessions } from './end-session.ts';
import { listExpiredSessions } from './session-repository.ts';

const mostAtOnce = 200;

export async function endExpiredSessions(db: Database): Promise<void> {
  for (;;) {
    const uids = await listExpiredSessions(db, mostAtOnce);
    if (uids.length > 0) await endSessions(db, uids, 'expired');
    if (uids.length < mostAtOnce) return;
  }
}
