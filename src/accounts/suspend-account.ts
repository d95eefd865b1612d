/** Suspends an account, which ends its sessions and tokens and notifies its apps, and reinstates it. */
import type { Actor } from '../audit/audit-event.ts';
import { recordEvent } from '../audit/audit-repository.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../platform/database.ts';
import { revokeAllAccess } from '../sessions/end-session.ts';
import { updateSuspended } from './account-repository.ts';

/** @throws Refusal `account_unknown` */
export async function suspendAccount(db: Database, accountId: string, by: Actor): Promise<void> {
  await db.inUnitOfWork(async () => {
    if (!(await updateSuspended(db, accountId, true))) throw new Refusal('account_unknown');
    await revokeAllAccess(db, accountId, 'account_suspended');
    recordEvent(db, { kind: 'account.suspended', accountId, detail: { by } });
  });
}

/** @throws Refusal `account_unknown` */
export async function reinstateAccount(db: Database, accountId: string, by: Actor): Promise<void> {
  await db.inUnitOfWork(async () => {
    if (!(await updateSuspended(db, accountId, false))) throw new Refusal('account_unknown');
    recordEvent(db, { kind: 'account.reinstated', accountId, detail: { by } });
  });
}
