/** SQL for accounts. */
import { isUniqueViolation } from '../platform/database-errors.ts';
import type { Database } from '../platform/database.ts';
import { sql, type Statement } from '../platform/statement.ts';
import type { Account } from './account.ts';
import type { Claims } from './claims.ts';

export interface AccountRow {
  id: string;
  email: string;
  email_verified_at: Date | null;
  username: string | null;
  name: string | null;
  attributes: Claims;
  suspended_at: Date | null;
  created_at: Date;
  updated_at: Date;
}

export const toAccount = (row: AccountRow): Account => ({
  id: row.id,
  email: row.email,
  emailVerifiedAt: row.email_verified_at ?? undefined,
  username: row.username ?? undefined,
  name: row.name ?? undefined,
  attributes: row.attributes,
  suspendedAt: row.suspended_at ?? undefined,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

const selectById = sql`select * from accounts where id = $1`;

export async function findAccount(db: Database, id: string): Promise<Account | undefined> {
  const [row] = await db.read<AccountRow>(selectById, [id]);
  return row && toAccount(row);
}

const selectByLogin = sql`select * from accounts where email_canonical = $1 or username_canonical = $2`;

/** @param login the canonical form of an e-mail address, of a user name, or of both */
export async function findAccountByLogin(
  db: Database,
  login: { email: string | undefined; username: string | undefined },
): Promise<Account | undefined> {
  const [row] = await db.read<AccountRow>(selectByLogin, [login.email, login.username]);
  return row && toAccount(row);
}

export interface NewAccount extends Pick<Account, 'id' | 'email' | 'emailVerifiedAt' | 'username' | 'name'> {
  emailCanonical: string;
  usernameCanonical: string | undefined;
  attributes: Claims;
}

const insertRow = sql`
  insert into accounts (id, email, email_canonical, email_verified_at, username, username_canonical, name, attributes)
  values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`;

/** @returns false when the address or the user name is taken */
export async function insertAccount(db: Database, account: NewAccount): Promise<boolean> {
  const { id, email, emailCanonical, emailVerifiedAt, username, usernameCanonical, name, attributes } = account;
  const values = [id, email, emailCanonical, emailVerifiedAt, username, usernameCanonical, name, attributes];
  return (await db.guard(insertRow, values)).count === 1;
}

const updateSuspendedAt = sql`
  update accounts set suspended_at = case when $2 then coalesce(suspended_at, now()) end, updated_at = now()
  where id = $1`;

/** @returns false when there is no such account */
export async function updateSuspended(db: Database, id: string, isSuspended: boolean): Promise<boolean> {
  return (await db.guard(updateSuspendedAt, [id, isSuspended])).count === 1;
}

const updateAttributesById = sql`update accounts set attributes = $2, updated_at = now() where id = $1`;

/** @returns false when there is no such account */
export async function updateAttributes(db: Database, id: string, attributes: Claims): Promise<boolean> {
  return (await db.guard(updateAttributesById, [id, attributes])).count === 1;
}

/**
 * Runs an update of one row.
 *
 * @returns false when there is no such row, or when a concurrent request took a unique value: PostgreSQL has then
 *   aborted the transaction
 */
async function updateOne(db: Database, statement: Statement, values: unknown[]): Promise<boolean> {
  try {
    return (await db.guard(statement, values)).count === 1;
  } catch (error) {
    if (isUniqueViolation(error)) return false;
    throw error;
  }
}

const updateNameById = sql`update accounts set name = $2, updated_at = now() where id = $1`;

/** @returns false when there is no such account */
export async function updateName(db: Database, id: string, name: string | undefined): Promise<boolean> {
  return updateOne(db, updateNameById, [id, name]);
}

const updateUsernameById = sql`
  update accounts set username = $2, username_canonical = $3, updated_at = now()
  where id = $1 and not exists (select 1 from accounts where username_canonical = $3 and id <> $1)`;

/** @returns false when another account has the user name, or there is no such account */
export async function updateUsername(
  db: Database,
  id: string,
  username: { shown: string; canonical: string } | undefined,
): Promise<boolean> {
  return updateOne(db, updateUsernameById, [id, username?.shown, username?.canonical]);
}

const updateEmailById = sql`
  update accounts set email = $2, email_canonical = $3,
    email_verified_at = case when $4 then now() when email_canonical = $3 then email_verified_at end, updated_at = now()
  where id = $1 and not exists (select 1 from accounts where email_canonical = $3 and id <> $1)`;

/**
 * A new address is unverified unless `isVerified`; another spelling of the same address keeps its verification.
 *
 * @returns false when another account has the address, or there is no such account
 */
export async function updateEmail(
  db: Database,
  id: string,
  email: { shown: string; canonical: string; isVerified: boolean },
): Promise<boolean> {
  return updateOne(db, updateEmailById, [id, email.shown, email.canonical, email.isVerified]);
}

const updateEmailVerifiedById = sql`
  update accounts set email_verified_at = case when $2 then coalesce(email_verified_at, now()) end, updated_at = now()
  where id = $1`;

/** @returns false when there is no such account */
export async function updateEmailVerified(db: Database, id: string, isVerified: boolean): Promise<boolean> {
  return updateOne(db, updateEmailVerifiedById, [id, isVerified]);
}

const deleteById = sql`delete from accounts where id = $1`;

/** @returns false when there is no such account */
export async function deleteAccount(db: Database, id: string): Promise<boolean> {
  return (await db.guard(deleteById, [id])).count === 1;
}

const selectPage = sql`
  select * from accounts
  where (created_at, id) < (coalesce((select created_at from accounts where id = $1), 'infinity'),
    coalesce($1, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
  order by created_at desc, id desc limit $2`;

/** At most `limit` accounts, the newest first. @param after id of the account after which the list begins */
export async function listAccounts(db: Database, limit: number, after?: string): Promise<Account[]> {
  return (await db.read<AccountRow>(selectPage, [after, limit])).map(toAccount);
}
