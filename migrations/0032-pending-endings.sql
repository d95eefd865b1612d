create table pending_endings (
  id uuid primary key default gen_random_uuid(),
  account_id uuid not null,
  reason text not null,
  includes_offline boolean not null,
  kept_session_uid text,
  requested_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()) + interval '1 millisecond'
);
create index on pending_endings (account_id);
comment on table pending_endings is
  'Endings of many sessions that are not finished. Sessions and grants are ended in batches; those that are left are refused already (live_sessions, live_grants).';
comment on column pending_endings.account_id is 'No foreign key: the transaction that deletes the account deletes the row too.';
comment on column pending_endings.includes_offline is 'Whether grants that outlive their session (offline_access) are revoked too.';
comment on column pending_endings.kept_session_uid is 'A session that is not ended; its grants are not revoked.';
comment on column pending_endings.requested_at is 'Sessions and grants created before this time end. Rounded up to milliseconds, the precision of dates in the program.';

create table client_removals (
  client_id text primary key,
  requested_at timestamptz not null default now()
);
comment on table client_removals is
  'Removed clients whose grants, tokens and consents are still being deleted. Until then nobody can register the id again.';

create view live_sessions as
select s.* from sessions s
where s.ended_at is null and not exists (
  select from pending_endings p
  where p.account_id = s.account_id and s.created_at < p.requested_at and s.uid is distinct from p.kept_session_uid);
comment on view live_sessions is
  'Sessions that have not ended and are not about to. Has the columns that sessions had when it was created.';

create view live_grants as
select g.* from grants g
where g.revoked_at is null
  and not exists (select from client_removals r where r.client_id = g.client_id)
  and not exists (
    select from pending_endings p
    where p.account_id = g.account_id and g.created_at < p.requested_at
      and g.session_uid is distinct from p.kept_session_uid
      and (p.includes_offline or not coalesce((
        select (s.authorizations -> g.client_id ->> 'persistsLogout')::boolean from sessions s where s.uid = g.session_uid), false)));
comment on view live_grants is
  'Grants that are not revoked and are not about to be. Has the columns that grants had when it was created.';
