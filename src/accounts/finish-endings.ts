/** Continues endings of many sessions, batch by batch, until they are finished. */
import type { Database } from '../platform/database.ts';
import { finishInBatches, type BatchOutcome } from '../platform/finish-in-batches.ts';
import { endBatch } from '../sessions/end-session.ts';
import { claimPendingEnding, deletePendingEnding, listPendingEndings } from '../sessions/pending-ending-repository.ts';
import { deleteAccountBatch } from './remove-account.ts';

const continueEnding = (db: Database, id: string): Promise<BatchOutcome> =>
  db.inUnitOfWork(async () => {
    const ending = await claimPendingEnding(db, id);
    if (!ending) return 'taken';
    const { accountId, reason, requestedAt } = ending;
    if (!(await endBatch(db, ending, requestedAt))) return 'continued';
    if (reason === 'account_removed' && !(await deleteAccountBatch(db, accountId))) return 'continued';
    deletePendingEnding(db, id);
    return 'continued';
  });

/**
 * Finishes the endings that have begun. Another process may do so at the same time: each batch is done by one.
 *
 * @param accountId finishes only the endings of this account, and waits while another process works on one
 * @param signal ends it after the batch that is under way
 */
export async function finishEndings(db: Database, accountId?: string, signal?: AbortSignal): Promise<void> {
  await finishInBatches({
    list: () => listPendingEndings(db, accountId),
    finishBatch: (id) => continueEnding(db, id),
    isAwaited: accountId !== undefined,
    signal,
  });
}
