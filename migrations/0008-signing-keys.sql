create table signing_keys (
  kid text primary key,
  algorithm text not null check (algorithm in ('RS256', 'ES256')),
  public_jwk jsonb not null,
  private_jwk_sealed bytea not null,
  created_at timestamptz not null default now(),
  signs_from timestamptz not null,
  retires_at timestamptz,
  removed_at timestamptz
);
comment on table signing_keys is 'What tokens are signed with. A key is announced, then signs, then is retired while what it signed may come back.';
comment on column signing_keys.private_jwk_sealed is 'AES-256-GCM; the key to it is not in the database.';
comment on column signing_keys.signs_from is 'Published before this time, used after it.';
comment on column signing_keys.retires_at is 'Signs no more after this time, but stays published.';
