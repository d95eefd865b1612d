create table sign_in_attempts (
  subject bytea not null,
  place bytea not null,
  budget text not null,
  remaining integer not null check (remaining >= 0),
  expires_at timestamptz not null,
  primary key (subject, place, budget)
);
create index on sign_in_attempts (expires_at);
comment on table sign_in_attempts is
  'Budgets of wrong sign-in attempts: the number of attempts that are left until a time. A budget has one row for each valid root secret, since the digests are keyed.';
comment on column sign_in_attempts.subject is
  'Keyed digest of the typed name or of the account; of an empty text when all names are counted together.';
comment on column sign_in_attempts.place is
  'Keyed digest of the network, site or known device; of an empty text when all places are counted together.';
comment on column sign_in_attempts.budget is 'Name of the budget (sign-in/attempt-budgets.ts).';
comment on column sign_in_attempts.remaining is 'Number of attempts that are left. At 0, further attempts are refused until expires_at.';

comment on table rate_limits is
  'Wrong sign-in attempts as servers of the previous release count them, in the schema of rate-limiter-flexible. To be removed.';
