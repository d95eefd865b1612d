create table artifacts (
  kind text not null,
  id_hash bytea not null,
  grant_id text,
  client_id text,
  account_id text,
  parent_hash bytea,
  payload jsonb not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  consumed_at timestamptz,
  uses smallint not null default 0,
  primary key (kind, id_hash)
) with (fillfactor = 85);
create index on artifacts (grant_id);
create index on artifacts (parent_hash) where parent_hash is not null;
create index on artifacts (expires_at);
comment on table artifacts is 'Codes, tokens and interactions that the protocol stores. An id of one kind is worth nothing as another kind.';
comment on column artifacts.id_hash is 'Keyed digest of the value that the client holds.';
comment on column artifacts.grant_id is 'No foreign key: a revocation and an insert may cross. Every find requires the grant to live.';
comment on column artifacts.parent_hash is 'The refresh token this one was rotated from.';
comment on column artifacts.uses is 'How often it was consumed: a refresh token may be used three times within its grace.';
