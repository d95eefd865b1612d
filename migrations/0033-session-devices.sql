alter table sessions add column device_hash bytea;
comment on column sessions.device_hash is
  'Keyed digest of the id in the known-device cookie that the last sign-in set. The next sign-in with this cookie ends this session. Null: signed in by the previous release.';
create index sessions_device on sessions (device_hash) where device_hash is not null and ended_at is null;

-- Replaced, to have the new column of sessions.
create or replace view live_sessions as
select s.* from sessions s
where s.ended_at is null and not exists (
  select from pending_endings p
  where p.account_id = s.account_id and s.created_at < p.requested_at and s.uid is distinct from p.kept_session_uid);
