/** Ends a session for good: nothing that is under way can bring it back. */
import { recordEvent } from '../audit/audit-repository.ts';
import type { Database } from '../platform/database.ts';
import { endSessionRow } from './session-repository.ts';
import type { EndReason } from './session.ts';

/** Ends it with the grants that live with it. Offline access that a person allowed an app outlives it. */
export async function endSession(db: Database, uid: string, reason: EndReason): Promise<void> {
  await db.inUnitOfWork(async () => {
    const whose = await endSessionRow(db, uid, reason);
    if (!whose?.accountId) return;
    recordEvent(db, { kind: 'session.ended', accountId: whose.accountId, sessionUid: uid, detail: { reason } });
  });
}
