/** SQL for receipts: the pages that show, after signing out, which apps were notified. */
import type { Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';

/** Lifetime of a receipt. */
export const receiptSeconds = 15 * 60;

export interface Receipt {
  sessionUid: string;
  /** Post-logout redirect URI of the app; undefined when the person did not come from one. */
  returnTo: string | undefined;
  /** The app that requested the sign-out; undefined when none did. */
  clientId: string | undefined;
  createdAt: Date;
}

interface Row {
  session_uid: string;
  return_to: string | null;
  client_id: string | null;
  created_at: Date;
}

const insertRow = sql`
  insert into receipts (token_hash, session_uid, return_to, client_id, expires_at)
  values ($1, $2, $3, $4, now() + make_interval(secs => $5))`;

/** @param tokenHash digest of the token in the address of the page */
export function insertReceipt(db: Database, tokenHash: Buffer, receipt: Omit<Receipt, 'createdAt'>): void {
  db.write(insertRow, [tokenHash, receipt.sessionUid, receipt.returnTo, receipt.clientId, receiptSeconds]);
}

const selectByToken = sql`
  select session_uid, return_to, client_id, created_at from receipts where token_hash = any($1) and expires_at > now()`;

/** @param tokenHashes digests of the token under every key */
export async function findReceipt(db: Database, tokenHashes: Buffer[]): Promise<Receipt | undefined> {
  const [row] = await db.read<Row>(selectByToken, [tokenHashes]);
  return (
    row && {
      sessionUid: row.session_uid,
      returnTo: row.return_to ?? undefined,
      clientId: row.client_id ?? undefined,
      createdAt: row.created_at,
    }
  );
}
