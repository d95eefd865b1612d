/** Opens the database for commands, and finds accounts by the name that an operator types. */
import { existsSync } from 'node:fs';
import { findAccount, findAccountByLogin } from '../accounts/account-repository.ts';
import { canonicalEmail, canonicalUsername, type Account } from '../accounts/account.ts';
import { openBase, type Base } from '../base.ts';
import { loadConfig, type Config } from '../config.ts';
import { Refusal } from '../errors.ts';
import { isServerRunning } from '../platform/data-folder.ts';
import type { Database } from '../platform/database.ts';
import { createLog } from '../platform/log.ts';
import type { Io } from './command.ts';
import { nameFolder } from './failure.ts';
import { createProgress } from './progress.ts';

const demoFolder = 'data/demo';
/** Settings that name a database or its issuer. */
const databaseSettings = ['ISSUER', 'DATABASE_URL', 'DATABASE_URL_FILE', 'DATA_DIR'];

/** The environment; with the running demo's DATA_DIR when neither settings nor `./data` name another database. */
function findEnvironment(io: Io): NodeJS.ProcessEnv {
  const { environment } = io;
  const hasOwnDatabase = databaseSettings.some((name) => environment[name]) || existsSync('data/postgres');
  if (hasOwnDatabase || !isServerRunning(demoFolder)) return environment;
  io.error(`Using the database of the running demo (${demoFolder}).`);
  return { ...environment, DATA_DIR: demoFolder };
}

/** Opens the database for a command, and prints the steps if that takes long. @throws Refusal as openBase does */
export async function openForCommand(io: Io, config: Config, mayCreate: boolean): Promise<Base> {
  const { onStep, end } = createProgress(io.progress);
  try {
    return await openBase(config, { role: 'command', log: createLog('silent'), mayCreate, onStep });
  } catch (error) {
    throw nameFolder(error, config);
  } finally {
    end();
  }
}

/**
 * Opens the database that the settings name, whether a server runs or not, and closes it after `work`. Nothing is
 * logged, because a command prints its result.
 *
 * @throws Refusal as openBase does
 */
export async function withBase<T>(io: Io, work: (base: Base) => Promise<T>): Promise<T> {
  const config = loadConfig(findEnvironment(io));
  const base = await openForCommand(io, config, io.mayCreateDatabase === true);
  try {
    io.usedIssuer = base.config.issuer;
    return await work(base);
  } catch (error) {
    throw nameFolder(error, config);
  } finally {
    await base.close();
  }
}

/** Whether a text is a UUID. */
export const isId = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);

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
