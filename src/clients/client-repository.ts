/** SQL for clients. The database has keyed digests of client secrets, never a secret. */
import type { Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';
import type { Client, ClientApi, ClientKind, ClientMetadata } from './client.ts';

interface Row {
  id: string;
  kind: ClientKind;
  is_first_party: boolean;
  is_self_registered: boolean;
  metadata: ClientMetadata;
  secret_hashes: string[];
  sends_pkce: boolean | null;
  apis: ClientApi[];
  created_at: Date;
}

export interface StoredClient extends Client {
  /** Keyed digests of its secrets, hex. */
  secretHashes: string[];
}

const toClient = (row: Row): StoredClient => ({
  id: row.id,
  kind: row.kind,
  isFirstParty: row.is_first_party,
  isSelfRegistered: row.is_self_registered,
  metadata: row.metadata,
  sendsPkce: row.sends_pkce ?? undefined,
  secretHashes: row.secret_hashes,
  apis: row.apis,
  createdAt: row.created_at,
});

const selectById = sql`
  select c.*, coalesce((
    select jsonb_agg(jsonb_build_object('audience', audience, 'scopes', to_jsonb(scopes)) order by audience)
    from client_apis where client_id = c.id), '[]') as apis
  from clients c where c.id = $1`;

export async function findClient(db: Database, id: string): Promise<StoredClient | undefined> {
  const [row] = await db.read<Row>(selectById, [id]);
  return row && toClient(row);
}

const selectAll = sql`
  select c.*, coalesce((
    select jsonb_agg(jsonb_build_object('audience', audience, 'scopes', to_jsonb(scopes)) order by audience)
    from client_apis where client_id = c.id), '[]') as apis
  from clients c order by c.created_at, c.id`;

export async function listClients(db: Database): Promise<Client[]> {
  return (await db.read<Row>(selectAll)).map(toClient);
}

const selectNames = sql`select id, metadata ->> 'client_name' as name from clients where id = any($1)`;

/** @returns client_id → name */
export async function listClientNames(db: Database, ids: string[]): Promise<Map<string, string>> {
  const rows = ids.length === 0 ? [] : await db.read<{ id: string; name: string | null }>(selectNames, [ids]);
  return new Map(rows.map(({ id, name }) => [id, name ?? id]));
}

const insertRow = sql`
  insert into clients (id, kind, is_first_party, is_self_registered, metadata, secret_hashes, origins)
  values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`;

const insertApi = sql`insert into client_apis (client_id, audience, scopes) values ($1, $2, $3)`;

/**
 * @param origins whose pages may call the token and userinfo endpoints
 * @returns false when the id is taken
 */
export async function insertClient(
  db: Database,
  client: Omit<StoredClient, 'createdAt'>,
  origins: string[],
): Promise<boolean> {
  const { id, kind, isFirstParty, isSelfRegistered, metadata, secretHashes, apis } = client;
  const values = [id, kind, isFirstParty, isSelfRegistered, metadata, secretHashes, origins];
  const { count } = await db.guard(insertRow, values);
  if (count === 0) return false;
  for (const { audience, scopes } of apis) db.write(insertApi, [id, audience, scopes]);
  return true;
}

const updateRow = sql`
  update clients set kind = $2, metadata = $3, secret_hashes = $4, origins = $5, updated_at = now()
  where id = $1 and (kind, metadata, secret_hashes) is distinct from ($2, $3::jsonb, $4::text[])`;
const selectExistence = sql`select 1 from clients where id = $1`;

/**
 * Updates what a client may change of itself.
 *
 * @returns `gone` when there is no such client, `same` when nothing changes
 */
export async function updateClient(
  db: Database,
  client: StoredClient,
  origins: string[],
): Promise<'changed' | 'same' | 'gone'> {
  const { id, kind, metadata, secretHashes } = client;
  if ((await db.guard(updateRow, [id, kind, metadata, secretHashes, origins])).count === 1) return 'changed';
  return (await db.read(selectExistence, [id])).length === 1 ? 'same' : 'gone';
}

const upsertOwn = sql`
  insert into clients (id, kind, is_first_party, metadata) values ($1, 'web', true, $2)
  on conflict (id) do update set metadata = excluded.metadata, updated_at = now()
  where clients.metadata <> excluded.metadata`;

/** Inserts the built-in client, or updates its metadata. */
export function upsertOwnClient(db: Database, id: string, metadata: ClientMetadata): void {
  db.write(upsertOwn, [id, metadata]);
}

const replaceHash = sql`
  update clients set secret_hashes = array_replace(secret_hashes, $2, $3), updated_at = now() where id = $1`;

/** Replaces the digest of a secret by its digest under another key. */
export function replaceSecretHash(db: Database, id: string, before: string, after: string): void {
  db.write(replaceHash, [id, before, after]);
}

const deleteById = sql`delete from clients where id = $1`;

/** @returns false when there is no such client */
export async function deleteClient(db: Database, id: string): Promise<boolean> {
  return (await db.guard(deleteById, [id])).count === 1;
}

const updateSendsPkceById = sql`update clients set sends_pkce = $2 where id = $1`;

export function updateSendsPkce(db: Database, id: string, sendsPkce: boolean): void {
  db.write(updateSendsPkceById, [id, sendsPkce]);
}

const selectByOrigin = sql`select 1 from clients where origins @> array[$1] limit 1`;

/** Whether the pages of any client are on this origin. */
export async function isKnownOrigin(db: Database, origin: string): Promise<boolean> {
  return (await db.read(selectByOrigin, [origin])).length > 0;
}
