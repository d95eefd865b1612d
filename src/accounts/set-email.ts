/** Sets the e-mail address of an account. */
import type { Actor } from '../audit/audit-event.ts';
import { recordEvent } from '../audit/audit-repository.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../platform/database.ts';
import { findAccount, updateEmail } from './account-repository.ts';
import { cleanEmail, requireEmail } from './account.ts';

export interface EmailChange {
  accountId: string;
  email: string;
  /** Whether the address is verified to be the person's. Otherwise a new address is stored as unverified. */
  isVerified: boolean;
  by: Actor;
}

/** @throws Refusal `account_unknown`, `email_invalid`, `email_taken` */
export async function setEmail(db: Database, { accountId, email, isVerified, by }: EmailChange): Promise<void> {
  const change = { shown: cleanEmail(email), canonical: requireEmail(email), isVerified };
  await db.inUnitOfWork(async () => {
    if (!(await findAccount(db, accountId))) throw new Refusal('account_unknown');
    if (!(await updateEmail(db, accountId, change))) throw new Refusal('email_taken');
    recordEvent(db, { kind: 'account.email-set', accountId, detail: { isVerified, by } });
  });
}
