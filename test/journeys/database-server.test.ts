/** Tests responses and the log while PostgreSQL is stopped, accepts no writes or accepts no connections. */
import { sendRequest } from '../support/browser.ts';
import { closeAfterwards, temporaryFolder } from '../support/cleanup.ts';
import { runSql } from '../support/database.ts';
import { becomes, eventually } from '../support/eventually.ts';
import { authorize, callAs, newBrowser, refresh, tokensFor, type Tokens } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { ann, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { openDatabase } from '../../src/platform/database.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/platform/embedded-postgres.ts';

const databaseErrorMessage = 'a statement failed in the database';

let server: EmbeddedPostgres;
let startServer: () => Promise<void>;
let frontdesk: Frontdesk;
let site: RegisteredApp;
let tokens: Tokens;

beforeAll(async () => {
  const folder = temporaryFolder();
  startServer = async () => {
    server = await startEmbeddedPostgres(folder, folder, { role: 'command', onStep: () => {} });
  };
  await startServer();
  closeAfterwards(() => server.stop());
  await asAdministrator('create role app login', 'create database app owner app');
  const url = server.url.replace(/\/\/\w+@\/\w+/, '//app@/app');
  frontdesk = await startFrontdesk({ settings: { DATABASE_URL: url, RATE_LIMIT_FACTOR: '1000' } });
  await ann(frontdesk);
  site = await siteA(frontdesk);
  const consent = { scope: 'openid offline_access', prompt: 'consent' };
  tokens = await tokensFor(frontdesk, newBrowser(frontdesk), site, consent);
});

async function asAdministrator(...texts: string[]): Promise<void> {
  const db = openDatabase({ url: server.url, poolSize: 1 });
  for (const text of texts) await runSql(db, text);
  await db.close();
}

/** Ends the connections of Frontdesk, and waits until none is left. */
async function endConnections(): Promise<void> {
  const db = openDatabase({ url: server.url, poolSize: 1 });
  const end = "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app'";
  await eventually(async () => (await runSql(db, end)).length === 0);
  await db.close();
}

const statusOf = async (path: string) => (await sendRequest(`${frontdesk.issuer}${path}`)).status;
const waitForReadiness = (status: number) => becomes(() => statusOf('/readyz'), status);

/** Sends requests for two pages, a refresh and an introspection at once. */
const sendOneOfEachKind = () =>
  Promise.all([
    newBrowser(frontdesk).visit(authorize(frontdesk, site).url),
    newBrowser(frontdesk).visit(`${frontdesk.issuer}/account`),
    refresh(frontdesk, site, tokens.refresh_token!),
    callAs(frontdesk, site, '/oauth/introspect', { token: tokens.access_token }),
  ]);

/**
 * Expects that requests get 503 with Retry-After, and that each has one error in the log.
 *
 * @param state of the database, in the log
 * @param words in each response
 */
async function expectRefused(state: string, words: string): Promise<void> {
  const start = frontdesk.logged.length;
  const responses = await sendOneOfEachKind();
  for (const { status, headers, body } of responses) {
    expect([status, headers['retry-after'], body]).toEqual([503, '2', expect.stringContaining(words)]);
  }
  const lines = frontdesk.logged.slice(start).map((line) => JSON.parse(line) as Record<string, unknown>);
  const errors = lines.filter(({ level }) => level === 'error');
  expect(errors.map(({ msg, database }) => [msg, database])).toEqual(
    responses.map(() => [databaseErrorMessage, state]),
  );
}

async function expectRecovery(): Promise<void> {
  await waitForReadiness(200);
  const responses = await sendOneOfEachKind();
  expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
}

test('requests get 503 while PostgreSQL is stopped, and succeed after it has started again', async () => {
  await server.stop();
  await waitForReadiness(503);
  expect(await statusOf('/healthz')).toBe(200);
  await expectRefused('away', 'cannot reach its database, and nothing was done');
  await startServer();
  await expectRecovery();
  const lost = frontdesk.logged.filter((line) => line.includes('database connection lost'));
  expect(lost.length).toBeGreaterThan(0);
  for (const line of lost) expect(JSON.parse(line)).toMatchObject({ level: 'warn', database: 'away' });
});

test('requests that write get 503 while PostgreSQL accepts no writes, as after a failover', async () => {
  const reload = 'select pg_reload_conf()';
  await asAdministrator('alter system set default_transaction_read_only = on', reload);
  await waitForReadiness(503);
  const start = frontdesk.logged.length;
  const [page, , refreshed, introspected] = await sendOneOfEachKind();
  expect([page.status, refreshed.status, introspected.status]).toEqual([503, 503, 200]);
  expect(frontdesk.logged.slice(start).join('')).toContain('"database":"read_only"');
  await asAdministrator('alter system reset default_transaction_read_only', reload);
  await expectRecovery();
});

test('requests get 503 while PostgreSQL accepts no more connections', async () => {
  await asAdministrator('alter role app connection limit 0');
  await endConnections();
  await waitForReadiness(503);
  await expectRefused('connections', 'very busy and nothing was done');
  await asAdministrator('alter role app connection limit -1');
  await expectRecovery();
});
