/** Deletes an account. Its apps are notified; audit events keep its id only. */
import type { Actor } from '../audit/audit-event.ts';
import { recordEvent } from '../audit/audit-repository.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../platform/database.ts';
import { revokeAllAccess } from '../sessions/end-session.ts';
import { deleteAccount } from './account-repository.ts';

/** Deletes an account; its id is never used again. @throws Refusal `account_unknown` */
export async function removeAccount(db: Database, accountId: string, by: Actor): Promise<void> {
  await db.inUnitOfWork(async () => {
    // Access is revoked first, because the notices are made from the account's sessions, which are deleted with it.
    await revokeAllAccess(db, accountId, 'account_removed');
    if (!(await deleteAccount(db, accountId))) throw new Refusal('account_unknown');
    recordEvent(db, { kind: 'account.removed', accountId, detail: { by } });
  });
}
