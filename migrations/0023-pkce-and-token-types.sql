alter table clients add column sends_pkce boolean;
comment on column clients.sends_pkce is 'Whether its last authorization request had a PKCE challenge. Null: it has not signed anybody in yet.';

alter table apis add column jwt_type text not null default 'at+jwt' check (jwt_type in ('at+jwt', 'JWT'));
comment on column apis.jwt_type is 'The typ header of its JWT access tokens: at+jwt (RFC 9068), or JWT for resource servers that refuse that.';
