/** Lets a person who is locked out by failed sign-in attempts try again at once. */
import { findAccount } from '../accounts/account-repository.ts';
import type { Actor } from '../audit/audit-event.ts';
import { recordEvent } from '../audit/audit-repository.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../platform/database.ts';
import type { AttemptLimits } from './attempt-limits.ts';

/** @throws Refusal `account_unknown` */
export async function unlockAccount(
  { db, attemptLimits }: { db: Database; attemptLimits: AttemptLimits },
  accountId: string,
  by: Actor,
): Promise<void> {
  const account = await findAccount(db, accountId);
  if (!account) throw new Refusal('account_unknown');
  await db.inUnitOfWork(async () => {
    // The first write opens the transaction, which then includes the deletion of the attempts.
    recordEvent(db, { kind: 'account.unlocked', accountId, detail: { by } });
    await attemptLimits.forget(account);
  });
}
