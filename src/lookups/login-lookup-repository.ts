/** SQL that reads the account of a login, with its password hash, in one statement. */
import { toAccount, type AccountRow } from '../accounts/account-repository.ts';
import type { Account } from '../accounts/account.ts';
import type { StoredPassword } from '../credentials/password-repository.ts';
import type { Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';

export interface FoundLogin {
  account: Account;
  /** Undefined for an account without a password. */
  password: StoredPassword | undefined;
}

const selectLogin = sql`
  select a.*, p.password_hash, p.changed_at as password_changed_at
  from accounts a left join passwords p on p.account_id = a.id
  where a.email_canonical = $1 or a.username_canonical = $2`;

/**
 * Finds the account with an e-mail address or user name. Without either the query runs too, and takes the same time.
 *
 * @param login the canonical form of an e-mail address, or of a user name
 */
export async function findLogin(
  db: Database,
  login: { email: string | undefined; username: string | undefined },
): Promise<FoundLogin | undefined> {
  const [row] = await db.read<AccountRow & { password_hash: string | null; password_changed_at: Date }>(selectLogin, [
    login.email,
    login.username,
  ]);
  if (!row) return undefined;
  const { password_hash: hash, password_changed_at: changedAt } = row;
  return { account: toAccount(row), password: hash === null ? undefined : { hash, changedAt } };
}
