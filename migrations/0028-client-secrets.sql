create table client_secrets (
  client_id text not null references clients on delete cascade,
  id text not null,
  hash text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  last_used_at timestamptz,
  primary key (client_id, id),
  unique (client_id, hash)
);
comment on table client_secrets is 'Secrets that clients authenticate with: two at most, so that one can be replaced while the other is in use.';
comment on column client_secrets.id is 'Names the secret for operators; unique within the client.';
comment on column client_secrets.hash is 'Keyed digest, hex.';
comment on column client_secrets.last_used_at is 'Written once an hour at most.';

insert into client_secrets (client_id, id, hash, created_at)
select c.id, left(md5(c.id || hash), 8), hash, c.created_at from clients c cross join unnest(c.secret_hashes) hash;

comment on column clients.secret_hashes is
  'The digests in client_secrets, for servers of the release before, which know no expiry. To be removed with copy_secret_hashes.';

create function copy_secret_hashes() returns trigger language plpgsql as $$
declare
  before text[] := array(select hash from client_secrets where client_id = new.id);
  gone text[] := array(select unnest(before) except select unnest(new.secret_hashes));
  added text[] := array(select unnest(new.secret_hashes) except select unnest(before));
begin
  if cardinality(gone) = 1 and cardinality(added) = 1 then
    -- The same secret under another root secret.
    update client_secrets set hash = added[1] where client_id = new.id and hash = gone[1];
  else
    delete from client_secrets where client_id = new.id and hash = any(gone);
    insert into client_secrets (client_id, id, hash)
    select new.id, left(md5(new.id || hash), 8), hash from unnest(added) hash;
  end if;
  return null;
end $$;
comment on function copy_secret_hashes is 'Copies what servers of the release before write to clients.secret_hashes.';

create trigger copy_secret_hashes after insert or update of secret_hashes on clients
for each row execute function copy_secret_hashes();
