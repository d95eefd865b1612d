/** SQL for consents: the permissions that people gave to apps, remembered so that people are asked once. */
import type { Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';
import type { Consent } from './consent.ts';

export interface ConsentRow {
  scopes: string[];
  claims: string[];
  api_scopes: Record<string, string[]>;
  redirect_hosts: string[];
}

export const toConsent = (row: ConsentRow): Consent => ({
  scopes: row.scopes,
  claims: row.claims,
  apiScopes: row.api_scopes,
  redirectHosts: row.redirect_hosts,
});

const selectConsent = sql`
  select scopes, claims, api_scopes, redirect_hosts from consents where account_id = $1 and client_id = $2`;

export async function findConsent(db: Database, accountId: string, clientId: string): Promise<Consent | undefined> {
  const [row] = await db.read<ConsentRow>(selectConsent, [accountId, clientId]);
  return row && toConsent(row);
}

const upsertRow = sql`
  insert into consents (account_id, client_id, scopes, claims, api_scopes, redirect_hosts)
  values ($1, $2, $3, $4, $5, $6)
  on conflict (account_id, client_id) do update set
    scopes = excluded.scopes, claims = excluded.claims, api_scopes = excluded.api_scopes,
    redirect_hosts = excluded.redirect_hosts, updated_at = now()`;

export function upsertConsent(db: Database, accountId: string, clientId: string, consent: Consent): void {
  const { scopes, claims, apiScopes, redirectHosts } = consent;
  db.write(upsertRow, [accountId, clientId, scopes, claims, apiScopes, redirectHosts]);
}

const deleteRow = sql`delete from consents where account_id = $1 and client_id = $2`;

export function deleteConsent(db: Database, accountId: string, clientId: string): void {
  db.write(deleteRow, [accountId, clientId]);
}

const deleteByClient = sql`
  delete from consents where ctid = any(array(
    select ctid from consents where client_id = $1 order by client_id limit $2 for update))`;

/** Deletes at most `limit` consents of a client that is removed. @returns number of consents */
export async function deleteConsentsOfClient(db: Database, clientId: string, limit: number): Promise<number> {
  return (await db.guard(deleteByClient, [clientId, limit])).count;
}
