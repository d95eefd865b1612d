create table grants (
  id text primary key,
  account_id uuid not null references accounts on delete cascade,
  client_id text not null,
  session_uid text,
  permissions jsonb not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz
);
create index on grants (account_id, client_id);
create index on grants (session_uid);
create index on grants (expires_at);
comment on table grants is 'What tokens live by: one per session and client. All that carries a grant id is worthless once the grant is revoked.';
comment on column grants.client_id is 'No foreign key: a client known by a metadata document has no row.';
comment on column grants.permissions is '{ openid, resources, rejected, rar } as oidc-provider keeps them.';

create table consents (
  account_id uuid not null references accounts on delete cascade,
  client_id text not null,
  scopes text[] not null default '{}',
  claims text[] not null default '{}',
  api_scopes jsonb not null default '{}',
  redirect_hosts text[] not null default '{}',
  given_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (account_id, client_id)
);
comment on table consents is 'What a person answered on the consent page, so that it is asked once.';
comment on column consents.api_scopes is 'audience → scopes.';
comment on column consents.redirect_hosts is 'Where the person agreed to be sent; another host is asked about again.';
