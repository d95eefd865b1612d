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
  /** Those of the live grants and those of the remembered consent. */
  permissions: Permissions;
  /** When the first live grant or the consent was given. */
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
  with live_grants as (
    select g.client_id, min(g.created_at) as since, max(greatest(g.created_at, a.used_at)) as used_at,
      array_agg(distinct scope) filter (where scope <> '') as scopes,
      jsonb_agg(distinct g.permissions -> 'resources') filter (where g.permissions ? 'resources') as resources
    from grants g
      left join lateral (select max(created_at) as used_at from artifacts where grant_id = g.id) a on true
      left join lateral unnest(string_to_array(g.permissions -> 'openid' ->> 'scope', ' ')) scope on true
    where g.account_id = $1 and g.revoked_at is null and g.expires_at > now()
    group by g.client_id
  )
  select c.id as client_id, c.metadata, c.is_first_party, coalesce(g.scopes, '{}') || coalesce(co.scopes, '{}') as scopes,
    co.claims, g.resources, co.api_scopes, least(g.since, co.given_at) as since,
    greatest(g.used_at, co.updated_at) as last_used_at
  from clients c left join live_grants g on g.client_id = c.id
    left join consents co on co.client_id = c.id and co.account_id = $1
  where c.id <> $2 and (g.client_id is not null or co.client_id is not null)
  order by last_used_at desc`;

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

/** The apps of a person, the one used last first. */
export async function listConnectedApps(db: Database, accountId: string): Promise<ConnectedApp[]> {
  const rows = await db.read<Row>(selectByAccount, [accountId, ownClientId]);
  return rows.map((row) => ({
    clientId: row.client_id,
    metadata: row.metadata,
    isFirstParty: row.is_first_party,
    permissions: { scopes: [...new Set(row.scopes)], claims: row.claims ?? [], apiScopes: apiScopesOf(row) },
    since: row.since,
    lastUsedAt: row.last_used_at,
  }));
}
