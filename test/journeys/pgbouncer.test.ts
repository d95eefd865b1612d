/** Frontdesk behind pgbouncer: it works in session mode, and refuses the other modes with a message. */
import { openDatabase } from '../../src/platform/database.ts';
import { randomToken } from '../../src/platform/secrets.ts';
import { sendRequest } from '../support/browser.ts';
import { closeAfterwards } from '../support/cleanup.ts';
import { freshDatabase, statement } from '../support/database.ts';
import { becomes } from '../support/eventually.ts';
import { newBrowser, tokensFor } from '../support/flow.ts';
import { startFrontdesk } from '../support/frontdesk.ts';
import { ann, siteA } from '../support/people-and-apps.ts';
import { missingPgbouncer, startPgbouncer } from '../support/pgbouncer.ts';
import { runFrontdesk } from '../support/terminal.ts';
import { testWhere } from '../support/where.ts';

const settingsOn = (databaseUrl: string) => ({
  ISSUER: 'http://localhost:4999',
  SECRET: randomToken(),
  DATABASE_URL: databaseUrl,
  LOG_LEVEL: 'silent',
});

const refusal = /^DATABASE_URL leads to a pooler in transaction mode, [^\n]* Set pool_mode = session [^\n]*\n$/;

testWhere(missingPgbouncer, 'in session mode people sign in, and processes follow changes', async () => {
  const pgbouncer = await startPgbouncer('session', 'default_pool_size = 60');
  const database = await freshDatabase();
  const settings = { DATABASE_URL: pgbouncer.urlOf(database.url) };
  const server = await startFrontdesk({ database, settings });
  await ann(server);
  const app = await siteA(server);
  const tokens = await tokensFor(server, newBrowser(server), app);
  expect(tokens.id_token).toBeDefined();
  expect((await sendRequest(`${server.issuer}/readyz`)).status).toBe(200);

  // The server learns of new keys by a notification (LISTEN).
  const count = async () => {
    const { body } = await sendRequest(`${server.issuer}/oauth/jwks`);
    return (JSON.parse(body) as { keys: unknown[] }).keys.length;
  };
  const before = await count();
  const command = { ISSUER: server.issuer, SECRET: server.secret, ...settings };
  expect((await runFrontdesk(['keys', 'rotate', '--now'], command)).code).toBe(0);
  await becomes(async () => (await count()) > before, true);
});

testWhere(missingPgbouncer, 'in session mode statements have our time limits', async () => {
  const pgbouncer = await startPgbouncer('session');
  const database = await freshDatabase();
  const db = openDatabase({ url: pgbouncer.urlOf(database.url) });
  closeAfterwards(db);
  const [row] = await db.read(statement("select current_setting('statement_timeout') as limit"));
  expect(row).toEqual({ limit: '7s' });
});

for (const [mode, settings] of [
  ['transaction', ''],
  ['transaction', 'default_pool_size = 1'],
  ['transaction', 'server_round_robin = 1'],
  ['statement', ''],
] as const) {
  testWhere(missingPgbouncer, `in ${mode} mode (${settings}) servers and commands are refused`, async () => {
    const pgbouncer = await startPgbouncer(mode, settings);
    const database = await freshDatabase({ isEmpty: true });
    const environment = settingsOn(pgbouncer.urlOf(database.url));
    for (const args of [['serve'], ['migrate'], ['clients', 'list', '--new']]) {
      const { code, error } = await runFrontdesk(args, environment);
      expect([code, error]).toEqual([1, expect.stringMatching(refusal)]);
    }
    const db = openDatabase({ url: database.url });
    closeAfterwards(db);
    expect(await db.read(statement("select to_regclass('migrations') as table"))).toEqual([{ table: null }]);
  });
}

testWhere(missingPgbouncer, 'a refusal by pgbouncer has the message of the same refusal by PostgreSQL', async () => {
  const { port } = await startPgbouncer('session');
  const list = (name: string, user: string) =>
    runFrontdesk(['clients', 'list', '--new'], settingsOn(`postgres://${user}@127.0.0.1:${port}/${name}`));
  expect((await list('broken', 'frontdesk')).error).toMatch(/^The database that DATABASE_URL names does not exist/);
  expect((await list('broken', 'stranger')).error).toMatch(/^The database server refuses the user or the password/);
});
