create table passwords (
  account_id uuid primary key references accounts on delete cascade,
  password_hash text not null,
  changed_at timestamptz not null default now()
);
comment on column passwords.password_hash is 'argon2id in PHC string format, parameters and salt included.';
