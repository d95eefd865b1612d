/** SQL for connected apps: what a person allowed which app, since when, and when it was used last. */
import { type ClientMetadata } from '../clients/client.ts';
import { ownClientId } from '../clients/own-client.ts';
import { type Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';
import type { Permissions } from '../grants/consent.ts';

export interface ConnectedApp {
  clientId: string;
  metadata: ClientMetadata;
  isFirstParty: boolean;
  permissions: Permissions;
  since: Date;
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

// What live grants hold, and what was agreed for the next time. Tokens are made when an app is used.
const select = sql`
  with live as (
    select g.client_id, min(g.created_at) as since, max(greatest(g.created_at, a.used_at)) as used_at,
      array_agg(distinct scope) filter (where scope <> '') as scopes,
      jsonb_agg(distinct g.permissions -> 'resources') filter (where g.permissions ? 'resources') as resources
    from grants g
      left join lateral (select max(created_at) as used_at from artifacts where grant_id = g.id) a on true
      left join lateral unnest(string_to_array(g.permissions -> 'openid' ->> 'scope', ' ')) scope on true
    where g.account_id = $1 and g.revoked_at is null and g.expires_at > now()
    group by g.client_id
  )
  select c.id as client_id, c.metadata, c.is_first_party, coalesce(l.scopes, '{}') || coalesce(o.scopes, '{}') as scopes,
    o.claims, l.resources, o.api_scopes, least(l.since, o.given_at) as since,
    greatest(l.used_at, o.updated_at) as last_used_at
  from clients c left join live l on l.client_id = c.id
    left join consents o on o.client_id = c.id and o.account_id = $1
  where c.id <> $2 and (l.client_id is not null or o.client_id is not null)
  order by last_used_at desc`;

function apiScopesOf({ resources, api_scopes: agreed }: Row): Record<string, string[]> {
  const granted = (resources ?? [])
    .flatMap((each) => Object.entries(each))
    .map(([at, scope]) => [at, scope.split(' ')] as const);
  const all: Record<string, string[]> = {};
  for (const [audience, scopes] of [...granted, ...Object.entries(agreed ?? {})]) {
    all[audience] = [...new Set([...(all[audience] ?? []), ...scopes])];
  }
  return all;
}

export async function listConnectedApps(db: Database, accountId: string): Promise<ConnectedApp[]> {
  const rows = await db.read<Row>(select, [accountId, ownClientId]);
  return rows.map((row) => ({
    clientId: row.client_id,
    metadata: row.metadata,
    isFirstParty: row.is_first_party,
    permissions: { scopes: [...new Set(row.scopes)], claims: row.claims ?? [], apiScopes: apiScopesOf(row) },
    since: row.since,
    lastUsedAt: row.last_used_at,
  }));
}
