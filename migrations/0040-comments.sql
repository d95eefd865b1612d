comment on table accounts is 'People. An id is the public sub of a person and is never given to another person.';
comment on column accounts.email_canonical is 'The form that is equal for all spellings of an address (accounts/account.ts).';
comment on table external_identities is 'Subjects of accounts at other identity providers. No code uses this table yet.';
comment on column passwords.password_hash is 'argon2id hash in PHC string format, with parameters and salt.';
comment on table clients is 'Apps that rely on this provider (OAuth clients).';
comment on column clients.sends_pkce is 'Whether the client''s last successful authorization request had a PKCE challenge. Null before the first one.';
comment on column clients.secret_hashes is
  'The digests in client_secrets, for servers of the previous release, which know no expiry. To be removed with copy_secret_hashes.';
comment on function copy_secret_hashes is 'Copies digests that servers of the previous release write to clients.secret_hashes.';
comment on table client_secrets is 'Secrets that clients authenticate with: at most two per client, so that one can be replaced while the other is in use.';
comment on column client_secrets.id is 'Identifies the secret for operators; unique within the client.';
comment on column client_secrets.hash is 'Keyed digest of the secret, hex.';
comment on column client_secrets.last_used_at is 'Precise to an hour.';
comment on table client_apis is 'The APIs that a client may get access tokens for, and the scopes of these tokens.';
comment on column apis.jwt_type is 'typ header of JWT access tokens for the API: at+jwt (RFC 9068), or JWT for resource servers that refuse at+jwt.';
comment on column apis.token_format is 'jwt: the API verifies access tokens by itself. opaque: the API introspects each one (RFC 7662).';
comment on column sessions.id_hash is 'Keyed digest of the id in the cookie; replaced when the id rotates.';
comment on table grants is 'The permissions of one client in one session of one person. Codes and tokens are valid only while their grant is not revoked.';
comment on column grants.client_id is 'No foreign key: the grants of a removed client are revoked and stay until they are purged.';
comment on column artifacts.parent_hash is 'Digest of the refresh token that this refresh token was rotated from.';
comment on column artifacts.uses is 'How often the code or token was used. A refresh token may be used again for 30 seconds after its first use.';
comment on column artifacts.successor_salt is
  'Salt of a used refresh token. Its successor is derived from the token, this salt and the root secret, and is not stored.';
comment on table signing_keys is 'Signing keys. A key is announced, then signs, then is retired and stays published while its tokens may be presented.';
comment on column signing_keys.private_jwk_sealed is 'Private JWK, encrypted with AES-256-GCM by a key derived from the root secret. Empty for a removed key.';
comment on column sealed_secrets.value_sealed is 'The secret, encrypted with AES-256-GCM by a key derived from the root secret.';
comment on function open_audit_months is 'Creates the partitions of first_month and of the given number of months after it.';
comment on table audit_events is 'Audit events. They hold ids, never names or addresses of people; rows are inserted, never updated. One partition per month.';
comment on table rate_limits is
  'Wrong sign-in attempts as servers of the previous release count them, in the schema of rate-limiter-flexible. To be removed.';
comment on column logout_notices.channel is 'back: back-channel logout; front: front-channel logout by the receipt page; none: the app registered no logout URI.';
comment on column logout_notices.next_attempt_at is 'When the next attempt may be made. During an attempt: when another process may repeat it.';
comment on column logout_notices.problem is 'Code of the last failure; never a text that the app sent.';
comment on function queue_logout_deliveries is
  'Queues one job per client that has a back-channel logout URI. The jobs are queued in the order of their keys, so that concurrent transactions do not deadlock.';
comment on table receiver_states is 'Back-channel logout endpoints that did not respond to their last call. They get one call at a time, with growing pauses.';
comment on column receipts.return_to is 'Post-logout redirect URI that the person is redirected to. Null: none was requested.';
comment on column receipts.client_id is 'Client that requested the sign-out and that the person returns to. Null: the sign-out began on an account page.';
comment on table deployment is 'The issuer and root secrets that this database belongs to: one row, inserted by the first server.';
comment on column deployment.secret_digests is
  'Digests of a constant text, one for each root secret of the server that started last. A server with none of these secrets is refused.';
comment on table sign_in_attempts is
  'Budgets of wrong sign-in attempts: the number of attempts that are left until a time. A budget has one row for each valid root secret, since the digests are keyed.';
comment on column sign_in_attempts.subject is
  'Keyed digest of the typed name or of the account; of an empty text when all names are counted together.';
comment on column sign_in_attempts.place is
  'Keyed digest of the network, site or known device; of an empty text when all places are counted together.';
comment on column sign_in_attempts.budget is 'Name of the budget (sign-in/attempt-budgets.ts).';
comment on column sign_in_attempts.remaining is 'Number of attempts that are left. At 0, further attempts are refused until expires_at.';
