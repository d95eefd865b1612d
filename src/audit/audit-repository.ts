/** SQL for the audit log. Events are added in the transaction of what they tell of, and never changed. */
import { v7 as uuid } from 'uuid';
import { sql, type Database } from '../platform/database.ts';
import type { AuditEvent } from './audit-event.ts';

const insertEvent = sql`
  insert into audit_events (id, kind, account_id, client_id, session_uid, ip, detail)
  values ($1, $2, $3, $4, $5, $6, $7)`;

export function recordEvent(db: Database, event: AuditEvent): void {
  const { kind, accountId, clientId, sessionUid, ip, detail } = event;
  db.write(insertEvent, [uuid(), kind, accountId, clientId, sessionUid, ip, detail]);
}
