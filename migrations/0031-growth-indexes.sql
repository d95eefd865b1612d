-- Indexes for the purge, for lists that are read page by page, and for the rows of one client. Writes to a table wait while
-- an index is created: some seconds for a million rows.
create index sessions_live on sessions (account_id, last_seen_at, uid) where ended_at is null;
create index sessions_unended_expires_at on sessions (expires_at) where ended_at is null;
create index sessions_anonymous_expires_at on sessions (expires_at) where account_id is null;
create index sessions_ended_at on sessions (ended_at) where ended_at is not null;
-- Replaced by the two indexes on expires_at above: most of its entries were of sessions that had ended.
drop index sessions_expires_at_idx;

create index grants_client_id on grants (client_id, created_at);
create index grants_revoked_at on grants (revoked_at) where revoked_at is not null;
create index artifacts_client_id on artifacts (client_id) where grant_id is null;
create index consents_client_id on consents (client_id);

create index logout_notices_created_at on logout_notices (created_at, id);
create index logout_notices_undelivered on logout_notices (created_at, id) where channel = 'back' and delivered_at is null;

create index accounts_created_at on accounts (created_at, id);
create index clients_created_at on clients (created_at, id);
