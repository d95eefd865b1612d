/** SQL that reads the session of a browser, with what an authorization request of a client needs, in one statement. */
import { toConsent, type ConsentRow } from '../grants/consent-repository.ts';
import type { Consent } from '../grants/consent.ts';
import type { Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';
import type { Session } from '../sessions/session.ts';
import { splitByTable, toOwners, type Owners } from './joined-rows.ts';

export interface FoundSession extends Omit<Owners, 'session'> {
  session: Session;
  /** Digest of its id, as stored. */
  idHash: Buffer;
  /** The consent of its account to the client. */
  consent: Consent | undefined;
}

// Ids are random, so at most one row is found. Why the index is not unique: see `upsertRow`
// (sessions/session-repository.ts).
const selectSession = sql`
  select s.id_hash as "session.id_hash", s.uid as "session.uid", s.account_id as "session.account_id",
    s.signed_in_at as "session.signed_in_at", s.acr as "session.acr", s.amr as "session.amr",
    s.is_transient as "session.is_transient", s.state as "session.state", s.authorizations as "session.authorizations",
    s.created_at as "session.created_at", s.last_seen_at as "session.last_seen_at", s.expires_at as "session.expires_at",
    s.ip as "session.ip", s.user_agent as "session.user_agent",
    g.id as "grant.id", g.account_id as "grant.account_id", g.client_id as "grant.client_id",
    g.session_uid as "grant.session_uid", g.permissions as "grant.permissions", g.created_at as "grant.created_at",
    g.expires_at as "grant.expires_at",
    o.id as "account.id", o.email as "account.email", o.email_verified_at as "account.email_verified_at",
    o.username as "account.username", o.name as "account.name", o.attributes as "account.attributes",
    o.suspended_at as "account.suspended_at", o.created_at as "account.created_at", o.updated_at as "account.updated_at",
    c.scopes as "consent.scopes", c.claims as "consent.claims", c.api_scopes as "consent.api_scopes",
    c.redirect_hosts as "consent.redirect_hosts"
  from live_sessions s
  left join accounts o on o.id = s.account_id
  left join live_grants g on g.id = s.authorizations -> $2 ->> 'grantId'
  left join consents c on c.account_id = s.account_id and c.client_id = $2
  where s.id_hash = any($1) order by s.created_at desc limit 1`;

/**
 * @param idHashes digests of the id in the cookie under every key
 * @param clientId the client whose grant and consent are read too; undefined for neither
 */
export async function findSession(
  db: Database,
  idHashes: Buffer[],
  clientId: string | undefined,
): Promise<FoundSession | undefined> {
  const [row] = await db.read<object>(selectSession, [idHashes, clientId]);
  if (!row) return undefined;
  const tables = splitByTable(row);
  const { session, ...owners } = toOwners(tables);
  const { consent } = tables;
  return {
    ...owners,
    session: session!,
    idHash: tables['session']!['id_hash'] as Buffer,
    consent: consent!['scopes'] === null ? undefined : toConsent(consent as unknown as ConsentRow),
  };
}
