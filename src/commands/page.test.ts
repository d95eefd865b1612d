/** Tests `--limit` and `--after` of the commands that list. */
import { freshDatabase, runSql } from '../../test/support/database.ts';
import { runFrontdesk } from '../../test/support/terminal.ts';
import { openDatabase } from '../platform/database.ts';
import { randomToken } from '../platform/secrets.ts';

let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  const { url } = await freshDatabase();
  environment = { DATABASE_URL: url, SECRET: `test_${randomToken()}`, ISSUER: 'http://localhost:4000' };
  await runFrontdesk(['migrate'], environment);
  const db = openDatabase({ url });
  for (const text of [
    `insert into accounts (id, email, email_canonical, created_at)
     select md5('account ' || n)::uuid, 'p' || n || '@example.com', 'p' || n || '@example.com',
       now() + n * interval '1 microsecond'
     from generate_series(1, 5) n`,
    `insert into clients (id, kind, metadata, created_at) select 'c-' || n, 'web', '{}', now() from generate_series(1, 5) n`,
    `insert into sessions (uid, id_hash, account_id, last_seen_at, expires_at)
     select 's-' || n, decode(md5(n::text), 'hex'), md5('account 1')::uuid, now(), now() + interval '1 day'
     from generate_series(1, 5) n`,
    `insert into apis (audience, name, scopes) select 'https://api-' || n || '.example/', 'API', '{}' from generate_series(1, 5) n`,
    `insert into registration_tokens (id, token_hash, uses_left, expires_at)
     select gen_random_uuid(), n::text::bytea, 1, now() + interval '1 day' from generate_series(1, 5) n`,
    `insert into logout_notices (id, session_uid, account_id, client_id, channel, reason, created_at)
     select md5('notice ' || n)::uuid, 's-1', md5('account 1')::uuid, 'c-1', 'back', 'signed_out', now() from generate_series(1, 5) n`,
  ]) {
    await runSql(db, text);
  }
  await db.close();
});

const idsIn = (out: string): string[] =>
  (JSON.parse(out) as { id?: string; uid?: string; audience?: string }[]).map(
    ({ id, uid, audience }) => id ?? uid ?? audience ?? '',
  );

test.each([
  ['accounts list'],
  ['clients list'],
  ['apis list'],
  ['registration-tokens list'],
  ['sessions list p1@example.com'],
  ['notices list'],
  ['notices list --open'],
])('G09 the pages of `%s` have every entry once', async (command) => {
  const run = (...options: string[]) => runFrontdesk([...command.split(' '), '--json', ...options], environment);
  const all = idsIn((await run()).out);
  expect(all).toHaveLength(5);
  const idsOfPages: string[] = [];
  let after: string[] | undefined = [];
  while (after) {
    const { out, error } = await run('--limit', '2', ...after);
    idsOfPages.push(...idsIn(out));
    const next = /^There may be more: (--after=\S+)$/m.exec(error);
    after = next ? [next[1]!] : undefined;
  }
  expect(idsOfPages).toEqual(all);
});

test.each(['0', '1001', '1.5', 'x'])('--limit %s is refused', async (limit) => {
  const { code, error } = await runFrontdesk(['accounts', 'list', '--limit', limit], environment);
  expect([code, error]).toEqual([2, expect.stringContaining('--limit must be a whole number from 1 to 1000.')]);
});

test('--after an unknown entry is refused', async () => {
  // Ids of notices are UUIDs: other text is a usage error (2). An unknown account or client is a refusal (1).
  for (const [noun, code] of [
    ['accounts', 1],
    ['clients', 1],
    ['notices', 2],
  ] as const) {
    expect((await runFrontdesk([noun, 'list', '--after', 'nothing'], environment)).code).toBe(code);
  }
});
