create function tell_changed_row() returns trigger language plpgsql as $$
declare
  version jsonb;
  key text;
begin
  foreach version in array array_remove(array[to_jsonb(old), to_jsonb(new)], null) loop
    key := version ->> tg_argv[1];
    -- A payload must have less than 8,000 bytes. One without a key stands for all rows.
    perform pg_notify('frontdesk_rows', case when octet_length(key) > 1000 then tg_argv[0] else tg_argv[0] || ' ' || key end);
  end loop;
  return null;
end $$;
comment on function tell_changed_row is
  'Notifies every process, when the transaction is committed, of a changed row, which may be in its cache. Arguments: name of the rows in the cache, and column of their key.';

-- Only existing rows are cached, so inserts of clients and APIs need no notification.
create trigger tell_client after update or delete on clients
  for each row execute function tell_changed_row('clients', 'id');
create trigger tell_client after insert or update or delete on client_secrets
  for each row execute function tell_changed_row('clients', 'client_id');
create trigger tell_client after insert or update or delete on client_apis
  for each row execute function tell_changed_row('clients', 'client_id');
create trigger tell_api after update or delete on apis
  for each row execute function tell_changed_row('apis', 'audience');

create function tell_changed_origins() returns trigger language plpgsql as $$
begin
  perform pg_notify('frontdesk_rows', 'origins');
  return null;
end $$;
comment on function tell_changed_origins is 'Notifies every process that an origin may no longer belong to a client.';

create trigger tell_origins after update of origins or delete on clients
  for each row when (old.origins <> '{}') execute function tell_changed_origins();
