-- With a second unique index `insert … on conflict (uid)` can fail on it when requests of one browser run side by side.
create index sessions_id_hash on sessions (id_hash);
alter table sessions drop constraint sessions_id_hash_key;
