/** SQL for what the protocol stores: codes, tokens, interactions. Ids are stored as keyed digests. */
import { type Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';

/** What oidc-provider keeps of a code, token or interaction, without its id. */
export type ArtifactPayload = Record<string, unknown>;

export interface StoredArtifact {
  payload: ArtifactPayload;
  consumedAt: Date | undefined;
  /** Whether a refresh token that was used may be used again (see consumeRefreshToken). */
  isWithinGrace: boolean;
}

/** Two tabs of one app may refresh at once: the predecessor is accepted for so long, and so often, in all. */
export const refreshGraceSeconds = 10;
export const refreshGraceUses = 3;

interface Row {
  payload: ArtifactPayload;
  consumed_at: Date | null;
  within_grace: boolean;
}

// An artifact of a revoked grant is as good as gone. The grace is over once a successor has been used.
const find = sql`
  select a.payload, a.consumed_at,
    a.kind = 'RefreshToken' and a.uses < $3 and a.consumed_at > clock_timestamp() - make_interval(secs => $4)
      and not exists (
        select from artifacts s where s.parent_hash = a.id_hash and s.consumed_at is not null) as within_grace
  from artifacts a left join grants g on g.id = a.grant_id
  where a.kind = $1 and a.id_hash = any($2)
    and (a.grant_id is null or (g.id is not null and g.revoked_at is null))`;

export async function findArtifact(
  db: Database,
  kind: string,
  idHashes: Buffer[],
): Promise<StoredArtifact | undefined> {
  const [row] = await db.read<Row>(find, [kind, idHashes, refreshGraceUses, refreshGraceSeconds]);
  if (!row) return undefined;
  return { payload: row.payload, consumedAt: row.consumed_at ?? undefined, isWithinGrace: row.within_grace };
}

const upsert = sql`
  insert into artifacts (kind, id_hash, grant_id, client_id, account_id, parent_hash, payload, expires_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8)
  on conflict (kind, id_hash) do update set payload = excluded.payload, expires_at = excluded.expires_at`;

export interface NewArtifact {
  kind: string;
  idHash: Buffer;
  /** The grant it dies with. */
  grantId?: string | undefined;
  payload: ArtifactPayload;
  expiresAt: Date;
  /** Digest of the refresh token this one takes the place of. */
  parentHash?: Buffer | undefined;
}

export function upsertArtifact(db: Database, artifact: NewArtifact): void {
  const { kind, idHash, grantId, payload, expiresAt, parentHash } = artifact;
  const { clientId, accountId } = payload;
  db.write(upsert, [kind, idHash, grantId, clientId, accountId, parentHash, payload, expiresAt]);
}

const consume = sql`
  update artifacts set consumed_at = clock_timestamp(), uses = 1
  where kind = $1 and id_hash = any($2) and consumed_at is null`;

/** Marks a code as used. @returns false when somebody else did so first */
export async function consumeArtifact(db: Database, kind: string, idHashes: Buffer[]): Promise<boolean> {
  return (await db.guard(consume, [kind, idHashes])).count === 1;
}

const consumeWithGrace = sql`
  update artifacts a set consumed_at = coalesce(a.consumed_at, clock_timestamp()), uses = a.uses + 1
  where a.kind = 'RefreshToken' and a.id_hash = any($1) and (
    a.consumed_at is null
    or (a.uses < $2 and a.consumed_at > clock_timestamp() - make_interval(secs => $3) and not exists (
      select from artifacts s where s.parent_hash = a.id_hash and s.consumed_at is not null)))`;

/**
 * Uses a refresh token: the first time, or again within its grace as long as no successor was used.
 *
 * @returns false for any other use, which is reuse (RFC 9700 §4.14.2)
 */
export async function consumeRefreshToken(db: Database, idHashes: Buffer[]): Promise<boolean> {
  return (await db.guard(consumeWithGrace, [idHashes, refreshGraceUses, refreshGraceSeconds])).count === 1;
}

const remove = sql`delete from artifacts where kind = $1 and id_hash = any($2)`;

export function deleteArtifact(db: Database, kind: string, idHashes: Buffer[]): void {
  db.write(remove, [kind, idHashes]);
}

const removeOfClient = sql`delete from artifacts where client_id = $1`;

/** Those of no grant too: what a program got for itself. */
export function deleteArtifactsOfClient(db: Database, clientId: string): void {
  db.write(removeOfClient, [clientId]);
}

const insertOnce = sql`
  insert into artifacts (kind, id_hash, payload, expires_at) values ('ReplayDetection', $1, '{}', $2)
  on conflict do nothing`;

/** Remembers that a value was seen, whatever becomes of the request. @returns false when it had been seen before */
export async function insertReplayMarker(db: Database, idHash: Buffer, expiresAt: Date): Promise<boolean> {
  return (await db.writeOutsideTransaction(insertOnce, [idHash, expiresAt])).count === 1;
}
