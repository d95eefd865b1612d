create table audit_events (
  id uuid not null,
  at timestamptz not null default clock_timestamp(),
  kind text not null,
  account_id uuid,
  client_id text,
  session_uid text,
  ip text,
  detail jsonb not null default '{}',
  primary key (at, id)
) partition by range (at);
create index on audit_events (account_id, at);
create index on audit_events (kind, at);
comment on table audit_events is 'What happened. Holds ids, never names or addresses of people; rows are added and never changed.';

-- A partition per month, so that old ones can be dropped whole.
create function open_audit_months(first_month date, months integer) returns void language plpgsql as $$
declare
  month date;
begin
  for month in select generate_series(first_month, first_month + (months || ' months')::interval, '1 month')::date loop
    execute format(
      'create table if not exists audit_events_%s partition of audit_events for values from (%L) to (%L)',
      to_char(month, 'YYYYMM'), month, (month + interval '1 month')::date);
  end loop;
end $$;
comment on function open_audit_months is 'Makes the partitions of the given month and as many months after it.';
select open_audit_months(date_trunc('month', now())::date, 12);
create table audit_events_other partition of audit_events default;
