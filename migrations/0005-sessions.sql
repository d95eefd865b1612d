create table sessions (
  uid text primary key,
  id_hash bytea not null unique,
  account_id uuid references accounts on delete cascade,
  signed_in_at timestamptz,
  acr text,
  amr text[],
  is_transient boolean not null default false,
  state jsonb,
  authorizations jsonb not null default '{}',
  ip text,
  user_agent text,
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  expires_at timestamptz not null,
  ended_at timestamptz,
  end_reason text
) with (fillfactor = 80);
create index on sessions (account_id);
create index on sessions (expires_at);
comment on table sessions is 'Browsers known at the desk. One row per session for its whole life: an ended one is never written again.';
comment on column sessions.id_hash is 'Keyed digest of the cookie''s value; replaced when the id rotates.';
comment on column sessions.account_id is 'Null until somebody signs in.';
comment on column sessions.authorizations is 'client_id → { sid, grantId, persistsLogout }: the apps signed in to with this session.';
comment on column sessions.state is 'What a sign-out under way must remember, its form token among it.';
