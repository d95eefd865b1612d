/** Killed commands: the sessions and grants that they were ending are refused, and repeating the command finishes it. */
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { openDatabase, type Database } from '../../src/platform/database.ts';
import { randomToken } from '../../src/platform/secrets.ts';
import { findGrant } from '../../src/grants/grant-repository.ts';
import { closeAfterwards } from '../support/cleanup.ts';
import { freshDatabase, runSql } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { addSessions } from '../support/full-database.ts';
import { runFrontdesk, startProgram } from '../support/terminal.ts';

const sessionCount = 6_000;
let db: Database;
let url: string;
let environment: Record<string, string>;
const ann = randomUUID();

beforeAll(async () => {
  ({ url } = await freshDatabase());
  db = openDatabase({ url });
  closeAfterwards(db);
  environment = { ISSUER: 'https://login.example.com', DATABASE_URL: url, SECRET: randomToken() };
  await run(
    `insert into accounts (id, email, email_canonical) values ('${ann}', 'ann@example.com', 'ann@example.com')`,
  );
  await run(`insert into clients (id, kind, metadata) values ('app-1', 'web', '{}'), ('app-2', 'web', '{}')`);
  await runFrontdesk(['accounts', 'list', '--new'], environment);
  await addSessions(url, ann, sessionCount);
});

const run = (text: string) => runSql(db, text);
const count = async (rows: string) => (await runSql<{ n: number }>(db, `select count(*)::int as n from ${rows}`))[0]!.n;

/** Starts a command that works in batches, and kills it when the table `pending` has its row. */
async function killCommand(args: string[], pending: string): Promise<void> {
  const child = startProgram(args, environment);
  await eventually(
    () => count(pending),
    (rows) => rows === 1,
  );
  child.kill('SIGKILL');
  await once(child, 'exit');
}

test('G09 after a killed `clients remove` its tokens are refused, and its id stays taken until it is repeated', async () => {
  await killCommand(['clients', 'remove', 'app-2'], 'client_removals');
  const [grant] = await runSql<{ id: string }>(db, `select id from grants where client_id = 'app-2' limit 1`);
  expect(await findGrant(db, grant!.id)).toBeUndefined();
  const register = () =>
    runFrontdesk(['clients', 'register', '--kind', 'machine', '--name', 'Another', '--id', 'app-2'], environment);
  expect(await register()).toMatchObject({ code: 1, error: expect.stringContaining('still being deleted') });
  expect(await runFrontdesk(['clients', 'remove', 'app-2'], environment)).toMatchObject({ code: 0 });
  expect([await count(`grants where client_id = 'app-2'`), await count('client_removals')]).toEqual([0, 0]);
  expect(await register()).toMatchObject({ code: 0 });
});

test('G09 after a killed `accounts suspend` all sessions are refused, and repeating it ends the rest', async () => {
  await killCommand(['accounts', 'suspend', ann], 'pending_endings');
  expect(await count(`sessions where ended_at is null`)).toBeGreaterThan(0);
  expect(await count(`accounts where suspended_at is not null`)).toBe(1);
  expect(await count('live_sessions')).toBe(0);
  expect(await count('live_grants')).toBe(0);
  expect(await runFrontdesk(['accounts', 'suspend', ann], environment)).toMatchObject({ code: 0 });
  expect([await count('sessions where ended_at is null'), await count('pending_endings')]).toEqual([0, 0]);
  expect(await count(`logout_notices where client_id = 'app-1' and reason = 'account_suspended'`)).toBe(sessionCount);
});
