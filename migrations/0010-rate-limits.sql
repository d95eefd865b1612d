create table rate_limits (
  key varchar(255) primary key,
  points integer not null default 0,
  expire bigint
);
create index on rate_limits (expire);
comment on table rate_limits is 'Tries counted over all processes, in the shape that rate-limiter-flexible wants. Keys hold digests, never names.';
comment on column rate_limits.expire is 'Milliseconds since 1970.';
