create table accounts (
  id uuid primary key,
  email text not null,
  email_canonical text not null unique,
  email_verified_at timestamptz,
  username text,
  username_canonical text unique,
  name text,
  attributes jsonb not null default '{}',
  suspended_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on table accounts is 'People. An id is the public sub of the person and is never used again for another.';
comment on column accounts.email_canonical is 'The form in which two spellings of one address are equal; made by the program.';
comment on column accounts.attributes is 'Further standard claims (OpenID Connect Core 5.1), by claim name.';

create table external_identities (
  issuer text not null,
  subject text not null,
  account_id uuid not null references accounts on delete cascade,
  linked_at timestamptz not null default now(),
  primary key (issuer, subject)
);
create index on external_identities (account_id);
comment on table external_identities is 'Who an account is at another identity provider or directory.';
