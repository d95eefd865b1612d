/** What commands share: the opened database, and accounts by the name that an operator types. */
import { findAccount, findAccountByLogin } from '../accounts/account-repository.ts';
import { canonicalEmail, canonicalUsername, type Account } from '../accounts/account.ts';
import { openBase, type Base } from '../app.ts';
import { loadConfig } from '../config.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../platform/database.ts';
import { createLog } from '../platform/log.ts';
import type { Io } from './command.ts';

/**
 * Opens the database that the settings name, beside a running server or without one, and closes it after `work`.
 * Nothing is logged: a command prints.
 */
export async function withBase<T>({ environment }: Io, work: (base: Base) => Promise<T>): Promise<T> {
  const base = await openBase(loadConfig(environment), 'command', createLog('silent'));
  try {
    return await work(base);
  } finally {
    await base.close();
  }
}

const isId = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);

/**
 * @param name id, e-mail address or user name of the account
 * @throws Refusal `account_unknown`
 */
export async function requireAccount(db: Database, name: string): Promise<Account> {
  const logins = { email: canonicalEmail(name), username: canonicalUsername(name) };
  const account = isId(name) ? await findAccount(db, name) : await findAccountByLogin(db, logins);
  if (!account) throw new Refusal('account_unknown');
  return account;
}
