create table clients (
  id text primary key,
  kind text not null check (kind in ('web', 'single-page', 'native', 'machine')),
  is_first_party boolean not null default false,
  is_self_registered boolean not null default false,
  metadata jsonb not null,
  secret_hashes text[] not null default '{}',
  origins text[] not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index on clients using gin (origins);
comment on table clients is 'Apps that trust this provider. Clients known by a metadata document have no row here.';
comment on column clients.metadata is 'OpenID Connect Dynamic Client Registration metadata, without the secret.';
comment on column clients.secret_hashes is 'Keyed digests, hex; two while a secret is being replaced.';
comment on column clients.origins is 'Web origins whose pages may call the token and userinfo endpoints (CORS).';

create table client_apis (
  client_id text not null references clients on delete cascade,
  audience text not null references apis on delete cascade,
  scopes text[] not null,
  primary key (client_id, audience)
);
comment on table client_apis is 'Which APIs a client may ask tokens for, and with which scopes.';
