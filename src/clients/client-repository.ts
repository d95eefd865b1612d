/** SQL for clients. Of a secret the table holds keyed digests only. */
import { type Database } from '../platform/database.ts';
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

/** A client with what its secrets are compared with. */
export interface StoredClient extends Client {
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

const selectClient = sql`
  select c.*, coalesce((
    select jsonb_agg(jsonb_build_object('audience', audience, 'scopes', to_jsonb(scopes)) order by audience)
    from client_apis where client_id = c.id), '[]') as apis
  from clients c where c.id = $1`;

export async function findClient(db: Database, id: string): Promise<StoredClient | undefined> {
  const [row] = await db.read<Row>(selectClient, [id]);
  return row && toClient(row);
}

const selectClients = sql`
  select c.*, coalesce((
    select jsonb_agg(jsonb_build_object('audience', audience, 'scopes', to_jsonb(scopes)) order by audience)
    from client_apis where client_id = c.id), '[]') as apis
  from clients c order by c.created_at, c.id`;

export async function listClients(db: Database): Promise<Client[]> {
  return (await db.read<Row>(selectClients)).map(toClient);
}

const selectNames = sql`select id, metadata ->> 'client_name' as name from clients where id = any($1)`;

/** What apps are called, by their ids. */
export async function listClientNames(db: Database, ids: string[]): Promise<Map<string, string>> {
  const rows = ids.length === 0 ? [] : await db.read<{ id: string; name: string | null }>(selectNames, [ids]);
  return new Map(rows.map(({ id, name }) => [id, name ?? id]));
}

const insert = sql`
  insert into clients (id, kind, is_first_party, is_self_registered, metadata, secret_hashes, origins)
  values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`;

const insertApi = sql`insert into client_apis (client_id, audience, scopes) values ($1, $2, $3)`;

/** @returns false when the id is taken */
export async function insertClient(
  db: Database,
  client: Omit<StoredClient, 'createdAt'>,
  origins: string[],
): Promise<boolean> {
  const { id, kind, isFirstParty, isSelfRegistered, metadata, secretHashes, apis } = client;
  const values = [id, kind, isFirstParty, isSelfRegistered, metadata, secretHashes, origins];
  const { count } = await db.guard(insert, values);
  if (count === 0) return false;
  for (const { audience, scopes } of apis) db.write(insertApi, [id, audience, scopes]);
  return true;
}

const upsertOwn = sql`
  insert into clients (id, kind, is_first_party, metadata) values ($1, 'web', true, $2)
  on conflict (id) do update set metadata = excluded.metadata, updated_at = now()
  where clients.metadata <> excluded.metadata`;

/** Frontdesk itself, as a client. */
export function upsertOwnClient(db: Database, id: string, metadata: ClientMetadata): void {
  db.write(upsertOwn, [id, metadata]);
}

const replaceHash = sql`
  update clients set secret_hashes = array_replace(secret_hashes, $2, $3), updated_at = now() where id = $1`;

/** Keeps a secret under another key. */
export function replaceSecretHash(db: Database, id: string, before: string, after: string): void {
  db.write(replaceHash, [id, before, after]);
}

const remove = sql`delete from clients where id = $1`;

/** @returns false when there is no such client */
export async function deleteClient(db: Database, id: string): Promise<boolean> {
  return (await db.guard(remove, [id])).count === 1;
}

const setSendsPkce = sql`update clients set sends_pkce = $2 where id = $1`;

export function updateSendsPkce(db: Database, id: string, sendsPkce: boolean): void {
  db.write(setSendsPkce, [id, sendsPkce]);
}

const originKnown = sql`select 1 from clients where origins @> array[$1] limit 1`;

/** Whether any client's pages are served from this web origin. */
export async function isKnownOrigin(db: Database, origin: string): Promise<boolean> {
  return (await db.read(originKnown, [origin])).length > 0;
}
