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

const insertEvents = sql`
  insert into audit_events (id, kind, account_id, client_id, session_uid, ip, detail)
  select id, kind, "accountId", "clientId", "sessionUid", ip, detail from jsonb_to_recordset($1)
    as e (id uuid, kind text, "accountId" uuid, "clientId" text, "sessionUid" text, ip text, detail jsonb)`;

/** Records many events by one statement. */
export function recordEvents(db: Database, events: readonly AuditEvent[]): void {
  if (events.length > 0) db.write(insertEvents, [JSON.stringify(events.map((event) => ({ id: uuid(), ...event })))]);
}

const createPartitions = sql`select open_audit_months(date_trunc('month', now())::date, 12)`;

/** Creates the monthly partitions for the events of the next twelve months. */
export async function createAuditPartitions(db: Database): Promise<void> {
  await db.writeOutsideTransaction(createPartitions);
}

export interface RecordedEvent {
  id: string;
  at: Date;
  kind: AuditKind;
  clientId: string | undefined;
  sessionUid: string | undefined;
  ip: string | undefined;
  detail: Record<string, unknown>;
}

interface Row {
  id: string;
  at: Date;
  kind: AuditKind;
  client_id: string | null;
  session_uid: string | null;
  ip: string | null;
  detail: Record<string, unknown>;
}

const toEvent = (row: Row): RecordedEvent => ({
  id: row.id,
  at: row.at,
  kind: row.kind,
  clientId: row.client_id ?? undefined,
  sessionUid: row.session_uid ?? undefined,
  ip: row.ip ?? undefined,
  detail: row.detail,
});

const selectByAccount = sql`
  select id, at, kind, client_id, session_uid, ip, detail from audit_events
  where account_id = $1 and kind = any($3) and (at, id) < (
    coalesce((select at from audit_events where account_id = $1 and at between $5 and $6 and id = $4), 'infinity'),
    coalesce($4, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
  order by at desc, id desc limit $2`;

// The database sets the time of events, and its clock may be ahead of this process's clock.
const maxClockDifferenceSeconds = 60;

/** The times between which the event with an id was recorded: a uuid v7 begins with its time (RFC 9562 §5.7). */
function timesAround(id: string): [from: Date, to: Date] {
  const time = Number.parseInt(id.replace('-', '').slice(0, 12), 16);
  return [new Date(time - maxClockDifferenceSeconds * 1000), new Date(time + maxClockDifferenceSeconds * 1000)];
}

/**
 * The events of an account, newest first.
 *
 * @param page at most `limit` events of these kinds, after the event with the id `after`; the newest ones by default
 */
export async function listAccountEvents(
  db: Database,
  accountId: string,
  { limit, kinds, after }: { limit: number; kinds: readonly AuditKind[]; after?: string | undefined },
): Promise<RecordedEvent[]> {
  const times = after === undefined ? [] : timesAround(after);
  return (await db.read<Row>(selectByAccount, [accountId, limit, kinds, after, times[0], times[1]])).map(toEvent);
}

const selectSignIns = sql`
  select id, at, kind, client_id, session_uid, ip, detail from audit_events
  where account_id = $1 and at > $2 and kind in ('sign-in.failed', 'sign-in.succeeded') order by at desc limit $3`;

const maxSignIns = 1_000;

/** Successful and failed sign-ins of an account since a time, newest first, at most 1,000. */
export async function listSignIns(db: Database, accountId: string, since: Date): Promise<RecordedEvent[]> {
  return (await db.read<Row>(selectSignIns, [accountId, since, maxSignIns])).map(toEvent);
}

const selectSignIn = sql`
  select id, at, kind, client_id, session_uid, ip, detail from audit_events
  where account_id = $1 and at between $3 and $4 and id = $2 and kind = 'sign-in.succeeded'`;

/**
 * A successful sign-in of an account.
 *
 * @param id id of the event
 * @returns undefined when the account has no such sign-in
 */
export async function findSignIn(db: Database, accountId: string, id: string): Promise<RecordedEvent | undefined> {
  const [row] = await db.read<Row>(selectSignIn, [accountId, id, ...timesAround(id)]);
  return row && toEvent(row);
}
