/** Finds the account that somebody named on the command line: by e-mail address, user name or id. */
import { findAccount, findAccountByLogin } from '../accounts/account-repository.ts';
import { canonicalEmail, canonicalUsername, type Account } from '../accounts/account.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../platform/database.ts';

const isId = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);

/** @throws Refusal `account_unknown` */
export async function requireAccount(db: Database, name: string): Promise<Account> {
  const logins = { email: canonicalEmail(name), username: canonicalUsername(name) };
  const account = isId(name) ? await findAccount(db, name) : await findAccountByLogin(db, logins);
  if (!account) throw new Refusal('account_unknown');
  return account;
}
