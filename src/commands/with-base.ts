/** Runs a command on the database: beside a running server, or on its own. */
import { openBase, type Base } from '../app.ts';
import { loadConfig } from '../config.ts';
import { createLog } from '../platform/log.ts';
import type { Io } from './command.ts';
import { findAccount, findAccountByLogin } from '../accounts/account-repository.ts';
import { canonicalEmail, canonicalUsername, type Account } from '../accounts/account.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../platform/database.ts';

/** Commands speak to the person who typed them; the log keeps still but for what is wrong. */
export async function withBase<T>({ environment }: Io, work: (base: Base) => Promise<T>): Promise<T> {
  const base = await openBase(loadConfig(environment), 'command', createLog('silent'));
  try {
    return await work(base);
  } finally {
    await base.close();
  }
}

const isId = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);

/** @throws Refusal `account_unknown` */
export async function requireAccount(db: Database, name: string): Promise<Account> {
  const logins = { email: canonicalEmail(name), username: canonicalUsername(name) };
  const account = isId(name) ? await findAccount(db, name) : await findAccountByLogin(db, logins);
  if (!account) throw new Refusal('account_unknown');
  return account;
}
