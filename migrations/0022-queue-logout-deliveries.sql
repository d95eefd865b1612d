-- In PL/pgSQL, which looks up add_job at the first call: graphile_worker is installed after these migrations.
create function queue_logout_deliveries() returns trigger language plpgsql as $$
begin
  perform graphile_worker.add_job('deliver-logout-notices', json_build_object('clientId', client_id),
    job_key := 'deliver-logout-notices ' || client_id, max_attempts := 1)
  from (select distinct client_id from inserted where channel = 'back' order by client_id) recipients;
  return null;
end $$;
comment on function queue_logout_deliveries is
  'Queues one job per client that can be called. In the order of the keys, so that transactions side by side do not deadlock.';

create trigger queue_logout_deliveries after insert on logout_notices
  referencing new table as inserted for each statement execute function queue_logout_deliveries();
