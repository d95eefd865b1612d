/** SQL for connected apps: the apps that a person has given a live grant or a consent. */
import type { ClientMetadata } from '../clients/client.ts';
import { ownClientId } from '../clients/own-client.ts';
import type { Permissions } from '../grants/consent.ts';
import type { Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';

export interface ConnectedApp {
  clientId: string;
  metadata: ClientMetadata;
  isFirstParty: boolean;
  /** The permissions of the live grants and of the stored consent. */
  permissions: Permissions;
  /** When the oldest live grant or the consent was given, whichever is earlier. */
  since: Date;
  /** When the app last got a token, or the consent last changed. */
  lastUsedAt: Date;
}

interface Row {
  client_id: string;
  metadata: ClientMetadata;
  is_first_party: boolean;
  scopes: string[] | null;
  claims: string[] | null;
  resources: Record<string, string>[] | null;
  api_scopes: Record<string, string[]> | null;
  since: Date;
  last_used_at: Date;
}

const selectByAccount = sql`
  with granted as (
    select g.client_id, min(g.created_at) as since, max(greatest(g.created_at, a.used_at)) as used_at,
      array_agg(distinct scope) filter (where scope <> '') as scopes,
      jsonb_agg(distinct g.permissions -> 'resources') filter (where g.permissions ? 'resources') as resources
    from live_grants g
      left join lateral (select max(created_at) as used_at from artifacts where grant_id = g.id) a on true
      left join lateral unnest(string_to_array(g.permissions -> 'openid' ->> 'scope', ' ')) scope on true
    where g.account_id = $1 and g.expires_at > now()
    group by g.client_id
  ), connected as (
    select client_id, coalesce(g.scopes, '{}') || coalesce(co.scopes, '{}') as scopes, co.claims, g.resources,
      co.api_scopes, least(g.since, co.given_at) as since, greatest(g.used_at, co.updated_at) as last_used_at
    from granted g full join (select * from consents where account_id = $1) co using (client_id)
  ), listed as (
    select connected.*, c.metadata, c.is_first_party
    from connected cross join lateral (select * from clients where id = client_id and id <> $2 limit 1) c
  )
  select * from listed
  where $4::text is null or (last_used_at, client_id) < (select last_used_at, client_id from listed where client_id = $4)
  order by last_used_at desc, client_id desc limit $3`;

/** Audience → scopes, of the grants and of the consent together. */
function apiScopesOf({ resources, api_scopes: consented }: Row): Record<string, string[]> {
  const granted = (resources ?? [])
    .flatMap((each) => Object.entries(each))
    .map(([audience, scope]) => [audience, scope.split(' ')] as const);
  const all: Record<string, string[]> = {};
  for (const [audience, scopes] of [...granted, ...Object.entries(consented ?? {})]) {
    all[audience] = [...new Set([...(all[audience] ?? []), ...scopes])];
  }
  return all;
}

/**
 * At most `limit` connected apps of a person, the most recently used first. The built-in client is left out.
 *
 * @param after id of the client after which the list begins
 */
export async function listConnectedApps(
  db: Database,
  accountId: string,
  limit: number,
  after?: string,
): Promise<ConnectedApp[]> {
  const rows = await db.read<Row>(selectByAccount, [accountId, ownClientId, limit, after]);
  return rows.map((row) => ({
    clientId: row.client_id,
    metadata: row.metadata,
    isFirstParty: row.is_first_party,
    permissions: { scopes: [...new Set(row.scopes)], claims: row.claims ?? [], apiScopes: apiScopesOf(row) },
    since: row.since,
    lastUsedAt: row.last_used_at,
  }));
}

const selectIsConnected = sql`
  select (exists (select from live_grants
      where account_id = $1 and client_id = $2 and expires_at > now())
    or exists (select from consents where account_id = $1 and client_id = $2)) and $2 <> $3 as connected`;

/** Whether the person has given this app a live grant or a consent. */
export async function isConnectedApp(db: Database, accountId: string, clientId: string): Promise<boolean> {
  const [row] = await db.read<{ connected: boolean }>(selectIsConnected, [accountId, clientId, ownClientId]);
  return row!.connected;
}
