create table registration_tokens (
  id uuid primary key,
  token_hash bytea not null unique,
  uses_left integer not null check (uses_left >= 0),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
comment on table registration_tokens is 'What an app must show to register itself: the initial access tokens of RFC 7591.';
comment on column registration_tokens.token_hash is 'Keyed digest of the value that was shown once.';

alter table clients add column management_token_hash bytea;
comment on column clients.management_token_hash is 'Keyed digest of what an app that registered itself reads and changes its registration with (RFC 7592).';
