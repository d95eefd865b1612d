create table apis (
  audience text primary key,
  name text not null,
  scopes jsonb not null,
  access_token_lifetime_seconds integer not null default 300
    check (access_token_lifetime_seconds between 60 and 900),
  created_at timestamptz not null default now()
);
comment on table apis is 'APIs that access tokens are issued for (RFC 8707 resource servers).';
comment on column apis.audience is 'Absolute URI: the resource parameter, and aud in the token.';
comment on column apis.scopes is 'Scope → what it lets an app do, in words for the consent page.';
