alter table apis
  add column token_format text not null default 'jwt' check (token_format in ('jwt', 'opaque')),
  add column client_id text;
comment on column apis.token_format is 'jwt: checked by the API itself. opaque: the API asks by introspection each time.';
comment on column apis.client_id is 'The client as which the API asks about tokens (RFC 7662).';
