/** Deletes an account. Its apps are notified; audit events keep its id only. */
import type { Actor } from '../audit/audit-event.ts';
import { recordEvent } from '../audit/audit-repository.ts';
import { Refusal } from '../errors.ts';
import { deleteGrantsOfAccount } from '../grants/grant-repository.ts';
import type { Database } from '../platform/database.ts';
import { batchSize, endBatch } from '../sessions/end-session.ts';
import { insertPendingEnding } from '../sessions/pending-ending-repository.ts';
import { deleteSessionsOfAccount } from '../sessions/session-repository.ts';
import { deleteAccount, updateSuspended } from './account-repository.ts';

/**
 * The account cannot be used from the commit on, and its id is never used again. One with very many sessions stays as a
 * suspended account until all of them are ended (finish-endings.ts).
 *
 * @throws Refusal `account_unknown`
 */
export async function removeAccount(db: Database, accountId: string, by: Actor): Promise<void> {
  await db.inUnitOfWork(async () => {
    if (!(await updateSuspended(db, accountId, true))) throw new Refusal('account_unknown');
    recordEvent(db, { kind: 'account.removed', accountId, detail: { by } });
    const ending = { accountId, reason: 'account_removed', includesOffline: true, keptSessionUid: undefined } as const;
    // All sessions end before any is deleted, because the notices are made from their rows.
    const isFinished = (await endBatch(db, ending, 'infinity')) && (await deleteAccountBatch(db, accountId));
    if (!isFinished) insertPendingEnding(db, ending);
  });
}

/**
 * Deletes one batch of the grants and ended sessions of an account, and the account when none are left.
 *
 * @returns whether the account is deleted
 */
export async function deleteAccountBatch(db: Database, accountId: string): Promise<boolean> {
  if ((await deleteGrantsOfAccount(db, accountId, batchSize)) === batchSize) return false;
  if ((await deleteSessionsOfAccount(db, accountId, batchSize)) === batchSize) return false;
  await deleteAccount(db, accountId);
  return true;
}
