/** Fills a database by SQL as after months of use: for the bench `growth`, and for the test of query plans. */
import pg from 'pg';

export interface FullDatabaseSizes {
  accounts: number;
  sessions: number;
  /** Twice the number of sessions at most. Five of eight grants are for the client `app-1`. */
  grants: number;
  clients: number;
}

/** Sessions start evenly over this time; each expires after `sessionDays`. */
const days = 120;
const sessionDays = 14;

/** @returns SQL for the id of an account, by its number from 1 */
export const accountIdOf = (number: number): string => `md5('account ${number}')::uuid`;

// SQL expressions, by the number of a grant or session.
const client = (grant: string, { grants, clients }: FullDatabaseSizes) =>
  `case when ${grant} <= ${Math.floor((grants * 5) / 8)} then 'app-1' else 'app-' || 2 + ${grant} % ${clients - 1} end`;

const uid = (session: string) => `md5('session ' || ${session})`;
const grantId = (grant: string) => `md5('grant ' || ${grant})`;
const account = (session: string, { accounts }: FullDatabaseSizes) =>
  `md5('account ' || 1 + ${session} % ${accounts})::uuid`;
const began = (session: string, { sessions }: FullDatabaseSizes) =>
  `now() - interval '${days} days' + (${days * 86_400} * (${session})::float8 / ${sessions}) * interval '1 second'`;

/** The statements that insert the rows: a table that is referred to comes before those that refer to it. */
function statementsOf(sizes: FullDatabaseSizes): string[] {
  const { accounts, sessions, grants, clients } = sizes;
  const isOver = `at < now() - interval '${sessionDays} days'`;
  const authorization = (grant: string) =>
    `jsonb_build_object(${client(grant, sizes)}, jsonb_build_object('sid', md5('sid ' || ${grant}), 'grantId', ${grantId(grant)}))`;
  return [
    `select open_audit_months((date_trunc('month', now()) - interval '5 months')::date, 5)`,
    `insert into accounts (id, email, email_canonical, name, created_at)
      select ${account('n - 1', sizes)}, 'person-' || n || '@example.com', 'person-' || n || '@example.com', 'Person ' || n,
        now() - interval '1 year' + n * interval '1 millisecond' from generate_series(1, ${accounts}) n`,
    `insert into passwords (account_id, password_hash) select id, 'none' from accounts on conflict do nothing`,
    `insert into clients (id, kind, is_first_party, metadata, origins)
      select 'app-' || n, 'web', true, jsonb_build_object('client_name', 'App ' || n,
        'redirect_uris', jsonb_build_array('https://app-' || n || '.example/callback')), array['https://app-' || n || '.example']
      from generate_series(1, ${clients}) n`,
    `insert into client_secrets (client_id, id, hash) select 'app-' || n, 'secret', md5('secret ' || n)
      from generate_series(1, ${clients}) n`,
    `insert into sessions (uid, id_hash, account_id, signed_in_at, authorizations, created_at, last_seen_at, expires_at,
        ended_at, end_reason, user_agent)
      select ${uid('n')}, decode(md5('cookie ' || n), 'hex'), ${account('n', sizes)}, at,
        ${authorization('n')} || case when n + ${sessions} <= ${grants} then ${authorization(`(n + ${sessions})`)} else '{}' end,
        at, at, at + interval '${sessionDays} days',
        case when ${isOver} then at + interval '${sessionDays} days' end, case when ${isOver} then 'expired' end, 'none'
      from (select n, ${began('n', sizes)} as at from generate_series(1, ${sessions}) n) s`,
    `insert into grants (id, account_id, client_id, session_uid, permissions, created_at, expires_at, revoked_at)
      select ${grantId('n')}, ${account('s', sizes)}, ${client('n', sizes)}, ${uid('s')}, '{"openid": {"scope": "openid email"}}',
        at, at + interval '366 days', case when ${isOver} then at + interval '${sessionDays} days' end
      from (select n, s, ${began('s', sizes)} as at
        from generate_series(1, ${grants}) n, lateral (select 1 + (n - 1) % ${sessions} as s) one) g`,
    `insert into consents (account_id, client_id, scopes, given_at)
      select distinct account_id, client_id, '{openid,email}'::text[], now() from grants where client_id <> 'app-1'`,
    // A refresh token for each grant, and an access token that has expired.
    `insert into artifacts (kind, id_hash, grant_id, client_id, account_id, payload, created_at, expires_at)
      select kind, decode(md5(kind || g.id), 'hex'), g.id, g.client_id, g.account_id, '{}', g.created_at, g.created_at + lifetime
      from grants g, (values ('RefreshToken', interval '${sessionDays} days'), ('AccessToken', interval '5 minutes')) k (kind, lifetime)
      where g.created_at > now() - interval '20 days'`,
    `alter table logout_notices disable trigger user`,
    `insert into logout_notices (id, session_uid, account_id, client_id, sid, channel, reason, created_at, delivered_at)
      select md5('notice ' || id)::uuid, session_uid, account_id, client_id, id, 'back', 'expired', revoked_at, revoked_at
      from grants where revoked_at is not null`,
    `alter table logout_notices enable trigger user`,
    `insert into audit_events (id, at, kind, account_id, session_uid, ip, detail)
      select gen_random_uuid(), case kind when 'session.ended' then ended_at else created_at end, kind, account_id, uid,
        '192.0.2.1', '{"device": "Firefox on Linux"}'
      from sessions, (values ('sign-in.succeeded'), ('session.ended')) k (kind)
      where kind = 'sign-in.succeeded' or ended_at is not null`,
    `insert into receipts (token_hash, session_uid, expires_at)
      select decode(md5('receipt ' || n), 'hex'), ${uid('n')}, now() - interval '1 day' from generate_series(1, ${Math.ceil(sessions / 2)}) n`,
    `insert into sign_in_attempts (subject, place, budget, remaining, expires_at)
      select decode(md5('subject ' || n), 'hex'), '', 'name', 5, now() - interval '1 hour' from generate_series(1, ${Math.ceil(sessions / 2)}) n`,
    `insert into rate_limits (key, points, expire)
      select 'key-' || n, 1, 0 from generate_series(1, ${Math.ceil(sessions / 2)}) n`,
  ];
}

/** Fills a migrated database. The sizes of the bench take minutes, a fiftieth of them seconds. */
export async function fillDatabase(url: string, sizes: FullDatabaseSizes): Promise<void> {
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  try {
    for (const text of statementsOf(sizes)) await connection.query(text);
    // As autovacuum does after this many rows.
    await connection.query('vacuum analyze');
  } finally {
    await connection.end();
  }
}

/** Inserts `sessions` live sessions of one account, each with the apps `app-1` and `app-2`. */
export async function addSessions(url: string, accountId: string, sessions: number): Promise<void> {
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  const entry = (app: string) =>
    `'${app}', jsonb_build_object('sid', md5('${app}' || uid), 'grantId', md5('${app} grant' || uid))`;
  try {
    await connection.query(
      `with added as (
        insert into sessions (uid, id_hash, account_id, signed_in_at, authorizations, created_at, last_seen_at, expires_at, user_agent)
        select uid, decode(md5(uid), 'hex'), $1, at, jsonb_build_object(${entry('app-1')}, ${entry('app-2')}), at, at,
          now() + interval '14 days',
          'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0'
        from (select gen_random_uuid()::text as uid, now() - n * interval '1 minute' as at from generate_series(1, $2) n) s
        returning uid, created_at, authorizations
      )
      insert into grants (id, account_id, client_id, session_uid, permissions, created_at, expires_at)
      select a.value ->> 'grantId', $1, a.key, uid, '{"openid": {"scope": "openid email"}}', created_at, now() + interval '366 days'
      from added, jsonb_each(authorizations) a`,
      [accountId, sessions],
    );
    await connection.query('vacuum analyze sessions, grants');
  } finally {
    await connection.end();
  }
}
