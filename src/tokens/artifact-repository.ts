/** SQL for artifacts: the codes, tokens and interactions that oidc-provider stores. Ids are stored as keyed digests. */
import type { Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';

/** The payload of a code, token or interaction of oidc-provider, without its id. */
export type ArtifactPayload = Record<string, unknown>;

export interface StoredArtifact {
  payload: ArtifactPayload;
  consumedAt: Date | undefined;
  /** Whether the artifact is a used refresh token that may be used again (refresh-token-repository.ts). */
  isWithinGrace: boolean;
}

/** The grace period: a used refresh token may be used again for this long, and gets the newest token of its family. */
export const refreshGraceSeconds = 30;

export interface ArtifactRow {
  payload: ArtifactPayload;
  consumed_at: Date | null;
  within_grace: boolean | null;
}

export const toArtifact = (row: ArtifactRow): StoredArtifact => ({
  payload: row.payload,
  consumedAt: row.consumed_at ?? undefined,
  isWithinGrace: row.within_grace ?? false,
});

// An artifact is not found when its grant is revoked, or when its client is being removed. A used refresh token without a
// salt was rotated by an older release and has no grace period.
const selectArtifact = sql`
  select a.payload, a.consumed_at,
    a.kind = 'RefreshToken' and a.successor_salt is not null
      and a.consumed_at > clock_timestamp() - make_interval(secs => $3) as within_grace
  from artifacts a left join live_grants g on g.id = a.grant_id
  where a.kind = $1 and a.id_hash = any($2)
    and case when a.grant_id is null then not exists (select from client_removals r where r.client_id = a.client_id)
      else g.id is not null end`;

export async function findArtifact(
  db: Database,
  kind: string,
  idHashes: Buffer[],
): Promise<StoredArtifact | undefined> {
  const [row] = await db.read<ArtifactRow>(selectArtifact, [kind, idHashes, refreshGraceSeconds]);
  return row && toArtifact(row);
}

// A process may issue a token up to a second after another has removed the client. Without a grant, which is removed
// with the client, the token is not stored then, so that nobody finds it.
const upsertRow = sql`
  insert into artifacts (kind, id_hash, grant_id, client_id, account_id, parent_hash, payload, expires_at)
  select $1, $2::bytea, $3, $4, $5, $6::bytea, $7::jsonb, $8::timestamptz
  where $3::text is not null or $4::text is null or exists (select from clients where id = $4)
  on conflict (kind, id_hash) do update set payload = excluded.payload, expires_at = excluded.expires_at`;

export interface NewArtifact {
  kind: string;
  idHash: Buffer;
  /** The artifact is valid only while this grant is; undefined when it needs no grant. */
  grantId?: string | undefined;
  payload: ArtifactPayload;
  expiresAt: Date;
  /** Digest of the refresh token that this refresh token was rotated from. */
  parentHash?: Buffer | undefined;
}

const valuesOf = ({ kind, idHash, grantId, payload, expiresAt, parentHash }: NewArtifact): unknown[] => {
  const { clientId, accountId } = payload;
  return [kind, idHash, grantId, clientId, accountId, parentHash, payload, expiresAt];
};

export function upsertArtifact(db: Database, artifact: NewArtifact): void {
  db.write(upsertRow, valuesOf(artifact));
}

/** The values of several artifacts, column by column in the order of `upsertRow`, for `unnest`. */
export function columnsOf(artifacts: readonly NewArtifact[]): unknown[][] {
  const rows = artifacts.map(valuesOf);
  return Array.from({ length: 8 }, (_, column) => rows.map((row) => row[column]));
}

const updateConsumedAt = sql`
  update artifacts set consumed_at = clock_timestamp(), uses = 1
  where kind = $1 and id_hash = any($2) and consumed_at is null`;

/** Marks a code as used. @returns false when it was used before, or there is no such code */
export async function consumeArtifact(db: Database, kind: string, idHashes: Buffer[]): Promise<boolean> {
  return (await db.guard(updateConsumedAt, [kind, idHashes])).count === 1;
}

const deleteRow = sql`delete from artifacts where kind = $1 and id_hash = any($2)`;

export function deleteArtifact(db: Database, kind: string, idHashes: Buffer[]): void {
  db.write(deleteRow, [kind, idHashes]);
}

const deleteByClient = sql`
  delete from artifacts where ctid = any(array(
    select ctid from artifacts where client_id = $1 and grant_id is null limit $2 for update))`;

/**
 * Deletes at most `limit` artifacts without a grant, such as tokens of the client credentials grant, of a client that is
 * removed; the others are deleted with their grants.
 *
 * @returns number of artifacts
 */
export async function deleteArtifactsOfClient(db: Database, clientId: string, limit: number): Promise<number> {
  return (await db.guard(deleteByClient, [clientId, limit])).count;
}

// The rows are inserted in order, so that two processes with the same keys in different orders cannot deadlock.
const insertMarker = sql`
  insert into artifacts (kind, id_hash, payload, expires_at)
  select 'ReplayDetection', id_hash, '{}', $2 from unnest($1::bytea[]) id_hash order by id_hash
  on conflict do nothing`;

/**
 * Records that a value, such as the jti of a client assertion, was used. The record stays when the request fails.
 *
 * @param idHashes digests of the value under every key: processes that share one of the keys see each other's records
 * @returns false when the value was used before
 */
export async function insertReplayMarker(db: Database, idHashes: Buffer[], expiresAt: Date): Promise<boolean> {
  return (await db.writeOutsideTransaction(insertMarker, [idHashes, expiresAt])).count === idHashes.length;
}
