/** Changes the name and user name of an account, and whether its e-mail address is verified. */
import type { Actor } from '../audit/audit-event.ts';
import { recordEvent } from '../audit/audit-repository.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../platform/database.ts';
import { findAccount, updateEmailVerified, updateName, updateUsername } from './account-repository.ts';
import { cleanUsername, requireUsername } from './account.ts';

/** A member that is left out stays unchanged; null removes the name or user name. */
export interface AccountChanges {
  name?: string | null;
  username?: string | null;
  isEmailVerified?: boolean;
}

/** @throws Refusal `username_invalid`, `username_taken` */
async function changeUsername(db: Database, accountId: string, username: string | null): Promise<void> {
  const names =
    username === null ? undefined : { shown: cleanUsername(username), canonical: requireUsername(username) };
  if (!(await updateUsername(db, accountId, names))) throw new Refusal('username_taken');
}

/** @throws Refusal `account_unknown`, `username_invalid`, `username_taken` */
export async function updateAccount(
  db: Database,
  accountId: string,
  changes: AccountChanges,
  by: Actor,
): Promise<void> {
  const { name, username, isEmailVerified } = changes;
  await db.inUnitOfWork(async () => {
    if (!(await findAccount(db, accountId))) throw new Refusal('account_unknown');
    if (name !== undefined) await updateName(db, accountId, name ?? undefined);
    if (username !== undefined) await changeUsername(db, accountId, username);
    if (isEmailVerified !== undefined) await updateEmailVerified(db, accountId, isEmailVerified);
    const fields = Object.entries(changes).flatMap(([field, value]) => (value === undefined ? [] : [field]));
    recordEvent(db, { kind: 'account.updated', accountId, detail: { fields, by } });
  });
}

/**
 * Gives an account another user name; another account can then take the previous user name.
 *
 * @throws Refusal `account_unknown`, `username_invalid`, `username_taken`
 */
export async function renameAccount(db: Database, accountId: string, username: string, by: Actor): Promise<void> {
  await db.inUnitOfWork(async () => {
    if (!(await findAccount(db, accountId))) throw new Refusal('account_unknown');
    await changeUsername(db, accountId, username);
    recordEvent(db, { kind: 'account.renamed', accountId, detail: { by } });
  });
}
