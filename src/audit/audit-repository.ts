/** SQL for audit events. An event is inserted in the transaction of the change that it records, and never updated. */
import { v7 as uuid } from 'uuid';
import type { Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';
import type { AuditEvent, AuditKind } from './audit-event.ts';

const insertEvent = sql`
  insert into audit_events (id, kind, account_id, client_id, session_uid, ip, detail)
  values ($1, $2, $3, $4, $5, $6, $7)`;

export function recordEvent(db: Database, event: AuditEvent): void {
  const { kind, accountId, clientId, sessionUid, ip, detail } = event;
  db.write(insertEvent, [uuid(), kind, accountId, clientId, sessionUid, ip, detail]);
}

const createPartitions = sql`select open_audit_months(date_trunc('month', now())::date, 12)`;

/** Creates the monthly partitions for the events of the next twelve months. */
export async function createAuditPartitions(db: Database): Promise<void> {
  await db.writeOutsideTransaction(createPartitions);
}

export interface RecordedEvent {
  at: Date;
  kind: AuditKind;
  clientId: string | undefined;
  sessionUid: string | undefined;
  ip: string | undefined;
  detail: Record<string, unknown>;
}

interface Row {
  at: Date;
  kind: AuditKind;
  client_id: string | null;
  session_uid: string | null;
  ip: string | null;
  detail: Record<string, unknown>;
}

const selectByAccount = sql`
  select at, kind, client_id, session_uid, ip, detail from audit_events
  where account_id = $1 and at < $2 order by at desc limit $3`;

// Events have the time of the database, whose clock may be ahead of this one.
const maxClockDifferenceSeconds = 60;

/**
 * The events of an account, newest first.
 *
 * @param page at most `limit` events, older than `before`; the newest ones by default
 */
export async function listAccountEvents(
  db: Database,
  accountId: string,
  {
    before = new Date(Date.now() + maxClockDifferenceSeconds * 1000),
    limit,
  }: { before?: Date | undefined; limit: number },
): Promise<RecordedEvent[]> {
  const rows = await db.read<Row>(selectByAccount, [accountId, before, limit]);
  return rows.map((row) => ({
    at: row.at,
    kind: row.kind,
    clientId: row.client_id ?? undefined,
    sessionUid: row.session_uid ?? undefined,
    ip: row.ip ?? undefined,
    detail: row.detail,
  }));
}
