/** SQL for APIs. */
import type { Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';
import type { Api, JwtType } from './api.ts';

interface Row {
  audience: string;
  name: string;
  scopes: Record<string, string>;
  access_token_lifetime_seconds: number;
  token_format: 'jwt' | 'opaque';
  jwt_type: JwtType;
  client_id: string | null;
}

const toApi = (row: Row): Api => ({
  audience: row.audience,
  name: row.name,
  scopes: row.scopes,
  accessTokenLifetimeSeconds: row.access_token_lifetime_seconds,
  tokenFormat: row.token_format,
  jwtType: row.jwt_type,
  clientId: row.client_id ?? undefined,
});

const selectApis = sql`select * from apis where audience > coalesce($1, '') order by audience limit $2`;

/** At most `limit` APIs, by audience. @param after audience of the API after which the list begins */
export async function listApis(db: Database, limit: number, after?: string): Promise<Api[]> {
  return (await db.read<Row>(selectApis, [after, limit])).map(toApi);
}

const selectApi = sql`select * from apis where audience = $1`;

export async function findApi(db: Database, audience: string): Promise<Api | undefined> {
  const [row] = await db.read<Row>(selectApi, [audience]);
  return row && toApi(row);
}

/** Name of APIs in the cache (migrations/0041-tell-changed-rows.sql). */
const cacheName = 'apis';

/** As `findApi`, from the cache: at most a second old. Callers must not change the result. */
export const findCachedApi = (db: Database, audience: string): Promise<Api | undefined> =>
  db.cache.find(cacheName, audience, () => findApi(db, audience));

/** The existing APIs among these audiences, from the cache, ordered by audience. */
export async function listCachedApis(db: Database, audiences: string[]): Promise<Api[]> {
  const found = await Promise.all(audiences.toSorted().map((audience) => findCachedApi(db, audience)));
  return found.filter((api) => api !== undefined);
}

const insertRow = sql`
  insert into apis (audience, name, scopes, access_token_lifetime_seconds, token_format, jwt_type, client_id)
  values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`;

/** @returns false when the audience is taken */
export async function insertApi(db: Database, api: Api): Promise<boolean> {
  const { audience, name, scopes, accessTokenLifetimeSeconds, tokenFormat, jwtType, clientId } = api;
  const values = [audience, name, scopes, accessTokenLifetimeSeconds, tokenFormat, jwtType, clientId];
  return (await db.guard(insertRow, values)).count === 1;
}

const deleteRow = sql`delete from apis where audience = $1`;

/** @returns false when there is no such API */
export async function deleteApi(db: Database, audience: string): Promise<boolean> {
  db.cache.noteChange(cacheName, audience);
  // Rows of `client_apis` are deleted with the API, so cached clients are outdated.
  db.cache.noteChange('clients');
  return (await db.guard(deleteRow, [audience])).count === 1;
}
