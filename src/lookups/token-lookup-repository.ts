/** SQL that reads a code or token, with everything that decides whether it is valid, in one statement. */
import type { Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';
import {
  refreshGraceSeconds,
  toArtifact,
  type ArtifactRow,
  type StoredArtifact,
} from '../tokens/artifact-repository.ts';
import { splitByTable, toOwners, type Owners } from './joined-rows.ts';

/** A code or token with its grant, unless it has none, its session, and the account of the grant. */
export interface FoundToken extends Owners {
  kind: string;
  /** Its digest, as stored. */
  idHash: Buffer;
  artifact: StoredArtifact;
}

// The conditions are those of `selectArtifact` (tokens/artifact-repository.ts). At most one row is found, because values
// are random.
const selectToken = sql`
  select a.kind as "artifact.kind", a.id_hash as "artifact.id_hash", a.payload as "artifact.payload", a.consumed_at as "artifact.consumed_at",
    a.kind = 'RefreshToken' and a.successor_salt is not null
      and a.consumed_at > clock_timestamp() - make_interval(secs => $3) as "artifact.within_grace",
    g.id as "grant.id", g.account_id as "grant.account_id", g.client_id as "grant.client_id",
    g.session_uid as "grant.session_uid", g.permissions as "grant.permissions", g.created_at as "grant.created_at",
    g.expires_at as "grant.expires_at",
    s.uid as "session.uid", s.account_id as "session.account_id", s.signed_in_at as "session.signed_in_at",
    s.acr as "session.acr", s.amr as "session.amr", s.is_transient as "session.is_transient", s.state as "session.state",
    s.authorizations as "session.authorizations", s.created_at as "session.created_at",
    s.last_seen_at as "session.last_seen_at", s.expires_at as "session.expires_at", s.ip as "session.ip",
    s.user_agent as "session.user_agent",
    o.id as "account.id", o.email as "account.email", o.email_verified_at as "account.email_verified_at",
    o.username as "account.username", o.name as "account.name", o.attributes as "account.attributes",
    o.suspended_at as "account.suspended_at", o.created_at as "account.created_at", o.updated_at as "account.updated_at"
  from unnest($1::text[], $2::bytea[]) as presented (kind, id_hash)
  join artifacts a on a.kind = presented.kind and a.id_hash = presented.id_hash
  left join live_grants g on g.id = a.grant_id
  left join live_sessions s on s.uid = a.payload ->> 'sessionUid'
  left join accounts o on o.id = g.account_id
  where case when a.grant_id is null then not exists (select from client_removals r where r.client_id = a.client_id)
    else g.id is not null end`;

/** @param candidates the kinds that a presented value may be of, with its digest as each of them */
export async function findToken(
  db: Database,
  candidates: readonly { kind: string; idHash: Buffer }[],
): Promise<FoundToken | undefined> {
  const kinds = candidates.map(({ kind }) => kind);
  const idHashes = candidates.map(({ idHash }) => idHash);
  const [row] = await db.read<object>(selectToken, [kinds, idHashes, refreshGraceSeconds]);
  if (!row) return undefined;
  const tables = splitByTable(row);
  const { artifact } = tables;
  return {
    ...toOwners(tables),
    kind: String(artifact!['kind']),
    idHash: artifact!['id_hash'] as Buffer,
    artifact: toArtifact(artifact as unknown as ArtifactRow),
  };
}
