/** SQL for removals of clients that have begun: grants, tokens and consents are still being deleted. */
import type { Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';

const insertRow = sql`insert into client_removals (client_id) values ($1)`;

/** Once this is committed, the grants and tokens of the client are refused, and its id cannot be registered. */
export function insertClientRemoval(db: Database, clientId: string): void {
  db.write(insertRow, [clientId]);
}

const selectIds = sql`select client_id as id from client_removals where $1::text is null or client_id = $1 order by requested_at`;

/** Ids of the clients whose removal is not finished. @param clientId only this one */
export async function listClientRemovals(db: Database, clientId?: string): Promise<string[]> {
  return (await db.read<{ id: string }>(selectIds, [clientId])).map(({ id }) => id);
}

const lockRow = sql`select from client_removals where client_id = $1 for update skip locked`;

/** @returns false when another process has locked the removal, or when it is finished */
export async function claimClientRemoval(db: Database, clientId: string): Promise<boolean> {
  return (await db.guard(lockRow, [clientId])).count === 1;
}

const deleteRow = sql`delete from client_removals where client_id = $1`;

export function deleteClientRemoval(db: Database, clientId: string): void {
  db.write(deleteRow, [clientId]);
}
