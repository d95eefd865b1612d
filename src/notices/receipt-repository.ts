/** SQL for receipts: what a person is shown after signing out. */
import { type Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';

/** How long the address of a receipt works. */
export const receiptSeconds = 15 * 60;

export interface Receipt {
  sessionUid: string;
  /** Registered address of the app that the person goes on to. */
  returnTo: string | undefined;
  createdAt: Date;
}

const insert = sql`
  insert into receipts (token_hash, session_uid, return_to, expires_at)
  values ($1, $2, $3, now() + make_interval(secs => $4))`;

export function insertReceipt(db: Database, tokenHash: Buffer, receipt: Omit<Receipt, 'createdAt'>): void {
  db.write(insert, [tokenHash, receipt.sessionUid, receipt.returnTo, receiptSeconds]);
}

const select = sql`
  select session_uid, return_to, created_at from receipts where token_hash = any($1) and expires_at > now()`;

export async function findReceipt(db: Database, tokenHashes: Buffer[]): Promise<Receipt | undefined> {
  const [row] = await db.read<{ session_uid: string; return_to: string | null; created_at: Date }>(select, [
    tokenHashes,
  ]);
  return row && { sessionUid: row.session_uid, returnTo: row.return_to ?? undefined, createdAt: row.created_at };
}
