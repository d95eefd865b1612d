create table deployment (
  is_only boolean primary key default true check (is_only),
  issuer text not null,
  secret_digests bytea[] not null,
  created_at timestamptz not null default now()
);
comment on table deployment is 'The one deployment this database belongs to, written when the first server starts.';
comment on column deployment.secret_digests is
  'A constant text under each root secret of the server that started last: others are refused, and tell nothing.';
