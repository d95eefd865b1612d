create table logout_notices (
  id uuid primary key,
  session_uid text not null,
  account_id uuid not null,
  client_id text not null,
  sid text,
  channel text not null check (channel in ('back', 'front', 'none')),
  reason text not null,
  created_at timestamptz not null default clock_timestamp(),
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default clock_timestamp(),
  delivered_at timestamptz,
  gave_up_at timestamptz,
  problem text
) with (fillfactor = 80);
create index on logout_notices (session_uid);
create index on logout_notices (account_id, created_at);
create index on logout_notices (client_id, next_attempt_at)
  where channel = 'back' and delivered_at is null and gave_up_at is null;
comment on table logout_notices is 'Which app must be told of the end of a session, and whether it heard. Written with the end itself.';
comment on column logout_notices.account_id is 'No foreign key: apps are told of the end of accounts too.';
comment on column logout_notices.sid is 'What the app knows the session by. Null: all sessions of the person.';
comment on column logout_notices.channel is 'back: by a call to the app; front: by this browser, when it shows the receipt; none: the app registered no way.';
comment on column logout_notices.next_attempt_at is 'While a process is at work on it, when another may take over.';
comment on column logout_notices.gave_up_at is 'A dead letter: tried for a day in vain, or never possible.';
comment on column logout_notices.problem is 'Why the last attempt failed: a code, never what the app answered.';

create table receiver_states (
  client_id text primary key,
  failures integer not null,
  not_before timestamptz not null
);
comment on table receiver_states is 'Apps whose logout endpoint does not answer: they are tried by one call at a time, with growing pauses.';

create table receipts (
  token_hash bytea primary key,
  session_uid text not null,
  return_to text,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index on receipts (expires_at);
comment on table receipts is 'What a person is shown after signing out, by an address that only their browser got.';
comment on column receipts.return_to is 'Registered address of the app that the person goes on to.';
