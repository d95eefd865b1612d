alter table artifacts add column successor_salt bytea;
comment on column artifacts.successor_salt is
  'Of a used refresh token: its successor is derived from it, this salt and the root secret, and stored nowhere.';
