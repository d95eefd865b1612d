/** SQL for clients. */
import type { Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';
import {
  originsOf,
  type Client,
  type ClientApi,
  type ClientKind,
  type ClientMetadata,
  type ClientSecret,
} from './client.ts';

interface Row {
  id: string;
  kind: ClientKind;
  is_first_party: boolean;
  is_self_registered: boolean;
  metadata: ClientMetadata;
  secrets: { id: string; hash: string; created_at: string; expires_at: string | null; last_used_at: string | null }[];
  sends_pkce: boolean | null;
  apis: ClientApi[];
  created_at: Date;
}

export interface StoredClient extends Client {
  /** Oldest first; expired secrets are included. */
  secrets: ClientSecret[];
}

const toTime = (text: string | null): Date | undefined => (text === null ? undefined : new Date(text));

const toSecret = (row: Row['secrets'][number]): ClientSecret => ({
  id: row.id,
  hash: row.hash,
  createdAt: new Date(row.created_at),
  expiresAt: toTime(row.expires_at),
  lastUsedAt: toTime(row.last_used_at),
});

const toClient = (row: Row): StoredClient => ({
  id: row.id,
  kind: row.kind,
  isFirstParty: row.is_first_party,
  isSelfRegistered: row.is_self_registered,
  metadata: row.metadata,
  sendsPkce: row.sends_pkce ?? undefined,
  secrets: row.secrets.map(toSecret),
  apis: row.apis,
  createdAt: row.created_at,
});

const selectById = sql`
  select c.*, coalesce((
    select jsonb_agg(jsonb_build_object('audience', audience, 'scopes', to_jsonb(scopes)) order by audience)
    from client_apis where client_id = c.id), '[]') as apis, coalesce((
    select jsonb_agg(to_jsonb(s) order by s.created_at, s.id) from client_secrets s where s.client_id = c.id), '[]') as secrets
  from clients c where c.id = $1`;

export async function findClient(db: Database, id: string): Promise<StoredClient | undefined> {
  const [row] = await db.read<Row>(selectById, [id]);
  return row && toClient(row);
}

/** Names of clients, and of the origins of their pages, in the cache (migrations/0041-tell-changed-rows.sql). */
const cacheNames = { clients: 'clients', origins: 'origins' };

/** As `findClient`, from the cache: at most a second old. Callers must not change the result. */
export const findCachedClient = (db: Database, id: string): Promise<StoredClient | undefined> =>
  db.cache.find(cacheNames.clients, id, () => findClient(db, id));

/** To be called by a unit of work that changes a client, its secrets or its APIs: the cached client is outdated. */
export function noteClientChange(db: Database, id: string): void {
  db.cache.noteChange(cacheNames.clients, id);
}

const selectPage = sql`
  select c.*, coalesce((
    select jsonb_agg(jsonb_build_object('audience', audience, 'scopes', to_jsonb(scopes)) order by audience)
    from client_apis where client_id = c.id), '[]') as apis, coalesce((
    select jsonb_agg(to_jsonb(s) order by s.created_at, s.id) from client_secrets s where s.client_id = c.id), '[]') as secrets
  from clients c
  where c.id <> $3 and (c.created_at, c.id) > (coalesce((select created_at from clients where id = $1), '-infinity'), coalesce($1, ''))
  order by c.created_at, c.id limit $2`;

/**
 * At most `limit` clients, the oldest first.
 *
 * @param after id of the client after which the list begins
 * @param exceptId id of a client that is left out
 */
export async function listClients(
  db: Database,
  limit: number,
  after: string | undefined,
  exceptId: string,
): Promise<Client[]> {
  return (await db.read<Row>(selectPage, [after, limit, exceptId])).map(toClient);
}

const selectNames = sql`select id, metadata ->> 'client_name' as name from clients where id = any($1)`;

/** @returns client_id → name; the `client_id` for a client without a name */
export async function listClientNames(db: Database, ids: string[]): Promise<Map<string, string>> {
  const rows = ids.length === 0 ? [] : await db.read<{ id: string; name: string | null }>(selectNames, [ids]);
  return new Map(rows.map(({ id, name }) => [id, name ?? id]));
}

const insertRow = sql`
  insert into clients (id, kind, is_first_party, is_self_registered, metadata, origins)
  select $1, $2, $3, $4, $5, $6 where not exists (select from client_removals where client_id = $1)
  on conflict do nothing`;

const insertApi = sql`insert into client_apis (client_id, audience, scopes) values ($1, $2, $3)`;
const deleteApis = sql`delete from client_apis where client_id = $1`;

export type ClientRow = Pick<Client, 'id' | 'kind' | 'isFirstParty' | 'isSelfRegistered' | 'metadata' | 'apis'>;

/** @returns false when the id is taken, or its last client is still being removed */
export async function insertClient(db: Database, client: ClientRow): Promise<boolean> {
  const { id, kind, isFirstParty, isSelfRegistered, metadata, apis } = client;
  const origins = originsOf(kind, metadata);
  const { count } = await db.guard(insertRow, [id, kind, isFirstParty, isSelfRegistered, metadata, origins]);
  if (count === 0) return false;
  for (const { audience, scopes } of apis) db.write(insertApi, [id, audience, scopes]);
  return true;
}

const lockById = sql`select 1 from clients where id = $1 for update`;

/**
 * Locks the row of a client until the transaction ends; waits while another transaction holds the lock.
 *
 * @returns false when there is no such client
 */
export async function lockClient(db: Database, id: string): Promise<boolean> {
  return (await db.guard(lockById, [id])).count === 1;
}

const updateRow = sql`
  update clients set kind = $2, is_first_party = $3, metadata = $4, origins = $5, updated_at = now() where id = $1`;

export function updateClient(
  db: Database,
  { id, kind, isFirstParty, metadata }: Omit<ClientRow, 'isSelfRegistered' | 'apis'>,
): void {
  noteClientChange(db, id);
  db.cache.noteChange(cacheNames.origins);
  db.write(updateRow, [id, kind, isFirstParty, metadata, originsOf(kind, metadata)]);
}

/** Replaces the APIs that a client may get access tokens for. */
export function replaceClientApis(db: Database, id: string, apis: readonly ClientApi[]): void {
  noteClientChange(db, id);
  db.write(deleteApis, [id]);
  for (const { audience, scopes } of apis) db.write(insertApi, [id, audience, scopes]);
}

const upsertOwn = sql`
  insert into clients (id, kind, is_first_party, metadata) values ($1, 'web', true, $2)
  on conflict (id) do update set metadata = excluded.metadata, updated_at = now()
  where clients.metadata <> excluded.metadata`;

/** Inserts the built-in client, or updates its metadata. */
export function upsertOwnClient(db: Database, id: string, metadata: ClientMetadata): void {
  noteClientChange(db, id);
  db.write(upsertOwn, [id, metadata]);
}

const deleteById = sql`delete from clients where id = $1`;

/** @returns false when there is no such client */
export async function deleteClient(db: Database, id: string): Promise<boolean> {
  noteClientChange(db, id);
  db.cache.noteChange(cacheNames.origins);
  return (await db.guard(deleteById, [id])).count === 1;
}

const updateSendsPkceById = sql`update clients set sends_pkce = $2 where id = $1`;

export function updateSendsPkce(db: Database, id: string, sendsPkce: boolean): void {
  noteClientChange(db, id);
  db.write(updateSendsPkceById, [id, sendsPkce]);
}

const countByOrigin = sql`select count(*)::int as count from clients where origins @> array[$1]`;

/** Whether the pages of any public web client are served from this origin (`originsOf`). Cached. */
export async function isKnownOrigin(db: Database, origin: string): Promise<boolean> {
  const isKnown = await db.cache.find(cacheNames.origins, origin, async () => {
    const [row] = await db.read<{ count: number }>(countByOrigin, [origin]);
    return row!.count > 0 || undefined;
  });
  return isKnown === true;
}
