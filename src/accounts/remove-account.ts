/** Removes an account for good. Apps are told; the audit log keeps what happened, without the person. */
import type { Actor } from '../audit/audit-event.ts';
import { recordEvent } from '../audit/audit-repository.ts';
import type { Database } from '../platform/database.ts';
import { revokeAllAccess } from '../sessions/end-session.ts';
import { Refusal } from '../errors.ts';
import { deleteAccount } from './account-repository.ts';

/** Its id is never used again. @throws Refusal `account_unknown` */
export async function removeAccount(db: Database, accountId: string, by: Actor): Promise<void> {
  await db.inUnitOfWork(async () => {
    // The notices are taken from rows that go with the account.
    await revokeAllAccess(db, accountId, 'account_removed');
    if (!(await deleteAccount(db, accountId))) throw new Refusal('account_unknown');
    recordEvent(db, { kind: 'account.removed', accountId, detail: { by } });
  });
}
