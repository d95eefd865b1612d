create table policy (
  name text primary key,
  value jsonb not null,
  updated_at timestamptz not null default now()
);
comment on table policy is 'What an operator decided while the program runs. A name without a row has its default.';

create function tell_processes() returns trigger language plpgsql as $$
begin
  perform pg_notify('frontdesk', tg_table_name);
  return null;
end $$;
comment on function tell_processes is 'Tells every process, when the transaction is committed, which table changed.';
create trigger policy_changed after insert or update or delete on policy
  for each statement execute function tell_processes();
create trigger signing_keys_changed after insert or update or delete on signing_keys
  for each statement execute function tell_processes();
