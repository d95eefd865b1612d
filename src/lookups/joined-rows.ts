/** Splits the row of a lookup into what it has of each table. */
import { toAccount, type AccountRow } from '../accounts/account-repository.ts';
import type { Account } from '../accounts/account.ts';
import { toGrant, type Grant, type GrantRow } from '../grants/grant-repository.ts';
import { toSession, type SessionRow } from '../sessions/session-repository.ts';
import type { Session } from '../sessions/session.ts';

/** Column → value. */
export type Columns = Record<string, unknown>;

/**
 * Splits the columns of a joined row by table.
 *
 * @param row its columns are named `table.column`
 * @returns table → its columns
 */
export function splitByTable(row: object): Record<string, Columns> {
  const tables: Record<string, Columns> = {};
  for (const [name, value] of Object.entries(row)) {
    const dot = name.indexOf('.');
    (tables[name.slice(0, dot)] ??= {})[name.slice(dot + 1)] = value;
  }
  return tables;
}

export interface Owners {
  /** A live grant; it may have expired. */
  grant: Grant | undefined;
  /** A live session; it may have expired. */
  session: Session | undefined;
  /** Also a suspended account. */
  account: Account | undefined;
}

/** @param tables what an outer join did not find has a key that is null */
export function toOwners({ grant, session, account }: Record<string, Columns>): Owners {
  return {
    grant: grant!['id'] === null ? undefined : toGrant(grant as unknown as GrantRow),
    session: session!['uid'] === null ? undefined : toSession(session as unknown as SessionRow),
    account: account!['id'] === null ? undefined : toAccount(account as unknown as AccountRow),
  };
}
