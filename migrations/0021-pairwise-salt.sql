create table sealed_secrets (
  name text primary key,
  value_sealed bytea not null,
  created_at timestamptz not null default now()
);
comment on table sealed_secrets is 'Secrets that are made once and shared by all processes, for as long as this deployment lives.';
comment on column sealed_secrets.value_sealed is 'AES-256-GCM; the key to it is not in the database.';
