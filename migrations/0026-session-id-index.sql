-- `insert … on conflict (uid)` handles no conflict in another unique index: while `id_hash` had one, concurrent requests
-- of one browser could fail.
create index sessions_id_hash on sessions (id_hash);
alter table sessions drop constraint sessions_id_hash_key;
