/** Tests responses and the log while connections to the database break. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sendRequest } from '../support/browser.ts';
import { closeAfterwards } from '../support/cleanup.ts';
import { freshDatabase, runSql, statement, type TestDatabase } from '../support/database.ts';
import { startDatabaseProxy, type DatabaseProxy } from '../support/database-proxy.ts';
import { eventually } from '../support/eventually.ts';
import {
  authorize,
  callAs,
  codeFor,
  exchange,
  newBrowser,
  refresh,
  signIn,
  tokensFor,
  type Tokens,
} from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { ann, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { runFrontdesk } from '../support/terminal.ts';
import { CommitUncertain, DatabaseBusy } from '../../src/platform/database-errors.ts';
import { openDatabase, type Database } from '../../src/platform/database.ts';
import { updateAndInsert as exchangeStatement } from '../../src/tokens/exchange-repository.ts';

const databaseErrorMessage = 'a statement failed in the database';

let database: TestDatabase;
let frontdesk: Frontdesk;
let proxy: DatabaseProxy;
let site: RegisteredApp;
let tokens: Tokens;
/** A connection that does not use the proxy. */
let direct: Database;

/** What a library prints beside the log. */
const traces: unknown[] = [];

beforeAll(async () => {
  console.trace = (error) => void traces.push(error);
  database = await freshDatabase();
  proxy = await startDatabaseProxy(database.url);
  frontdesk = await startFrontdesk({ settings: { DATABASE_URL: proxy.url, RATE_LIMIT_FACTOR: '1000' } });
  closeAfterwards(frontdesk);
  direct = openDatabase({ url: database.url, poolSize: 1 });
  closeAfterwards(direct);
  await ann(frontdesk);
  site = await siteA(frontdesk);
  const consent = { scope: 'openid offline_access', prompt: 'consent' };
  tokens = await tokensFor(frontdesk, newBrowser(frontdesk), site, consent);
});

const terminateConnections = () =>
  runSql(
    direct,
    `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and application_name = 'frontdesk'`,
  );

/** Sends requests of people and of programs until `signal` aborts. @returns the number of responses by status */
async function sendRequestsUntil(signal: AbortSignal): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  const count = ({ status }: { status: number }) => (counts[status] = (counts[status] ?? 0) + 1);
  const asPerson = async () => {
    while (!signal.aborted) {
      const browser = newBrowser(frontdesk);
      const page = await browser.visit(authorize(frontdesk, site).url);
      count(page);
      if (page.root.querySelector('input[name=login]')) count(await signIn(page, 'ann'));
      count(await browser.visit(`${frontdesk.issuer}/account`));
    }
  };
  const asProgram = async () => {
    const headers = { authorization: `Bearer ${tokens.access_token}` };
    while (!signal.aborted) {
      count(await refresh(frontdesk, site, tokens.refresh_token!));
      count(await callAs(frontdesk, site, '/oauth/introspect', { token: tokens.access_token }));
      count(await sendRequest(`${frontdesk.issuer}/oauth/userinfo`, { headers }));
    }
  };
  await Promise.all([asPerson(), asPerson(), asPerson(), asProgram(), asProgram(), asProgram()]);
  return counts;
}

/** @returns a function that returns the lines that were logged since this call */
function logFromNow(): () => Record<string, unknown>[] {
  const start = frontdesk.logged.length;
  return () => frontdesk.logged.slice(start).map((line) => JSON.parse(line) as Record<string, unknown>);
}

const readinessStatus = async () => (await sendRequest(`${frontdesk.issuer}/readyz`)).status;
const waitUntilReady = () => eventually(async () => (await readinessStatus()) === 200);

describe('G06 no response has status 500', () => {
  test.each([
    ['PostgreSQL terminates the connections', () => terminateConnections()],
    ['the network resets the connections', () => proxy.cut()],
  ])('while %s', async (_name, breakConnections) => {
    const lines = logFromNow();
    const stop = new AbortController();
    const requests = sendRequestsUntil(stop.signal);
    for (let turn = 0; turn < 40; turn += 1) {
      await sleep(50 + 20 * (turn % 5));
      await Promise.resolve(breakConnections());
    }
    await waitUntilReady();
    stop.abort();
    const counts = await requests;
    expect(counts).toEqual({
      200: expect.any(Number),
      503: expect.any(Number),
      ...(counts[303] && { 303: counts[303] }),
    });
    const errors = lines().filter(({ level }) => level === 'error');
    expect(errors.length).toBeGreaterThan(0);
    for (const error of errors) expect([error['msg'], error['database']]).toEqual([databaseErrorMessage, 'away']);
  });
});

/** Sends an authorization request, a refresh and an introspection at once. */
const sendOneOfEachKind = async () =>
  Promise.all([
    newBrowser(frontdesk).visit(authorize(frontdesk, site).url),
    refresh(frontdesk, site, tokens.refresh_token!),
    callAs(frontdesk, site, '/oauth/introspect', { token: tokens.access_token }),
  ]);

describe('responses and the log', () => {
  test('are all there is: no stack is printed beside them', () => expect(traces).toEqual([]));

  test('say that the result is unknown when the answer to an exchange was lost', async () => {
    const lines = logFromNow();
    const request = authorize(frontdesk, site);
    const code = await codeFor(newBrowser(frontdesk), request);
    proxy.loseResponse('cut', exchangeStatement.name);
    const response = await exchange(frontdesk, site, { code, verifier: request.verifier });
    expect([response.status, response.headers['retry-after']]).toEqual([503, '2']);
    expect(response.json()['error_description']).toContain('we do not know whether it was done');
    expect(lines().filter(({ level }) => level === 'error')).toHaveLength(1);
    await waitUntilReady();
    // The statement commits by itself, so the code is consumed.
    expect((await exchange(frontdesk, site, { code, verifier: request.verifier })).json()['error']).toBe(
      'invalid_grant',
    );
  });

  test('of a command say that the result is unknown when the answer to a commit was lost', async () => {
    const environment = { ISSUER: frontdesk.issuer, DATABASE_URL: proxy.url, SECRET: frontdesk.secret };
    proxy.loseResponse('cut', 'insert into apis', 'COMMIT');
    const result = await runFrontdesk(['apis', 'register', 'https://api.example/', '--name', 'Notes'], environment);
    expect([result.code, result.out]).toEqual([1, '']);
    expect(result.error).toContain('we do not know whether it was done');
    expect((await runFrontdesk(['apis', 'list'], environment)).out).toContain('https://api.example/');
  });

  test('say that a commit was done when the server shut down with the response to it', async () => {
    const db = openDatabase({ url: proxy.url, poolSize: 1 });
    closeAfterwards(db);
    proxy.endAfterResponse('COMMIT');
    // COMMIT is sent alone, after the response to the update.
    await db.inUnitOfWork(() => db.guard(statement("update accounts set name = 'Anna'")));
    expect(await runSql(direct, "select from accounts where name = 'Anna'")).not.toEqual([]);
    // The next unit of work gets another connection.
    await db.inUnitOfWork(async () => db.write(statement("update accounts set name = 'Ann'")));
  });

  test('tell a lost answer to a statement that commits by itself from a database that was not reached', async () => {
    const db = openDatabase({ url: proxy.url, poolSize: 1 });
    closeAfterwards(db);
    const write = () => db.writeOutsideTransaction(statement("update accounts set name = 'Ann'"));
    proxy.loseResponse('cut', 'update accounts');
    await expect(write()).rejects.toThrow(CommitUncertain);
    proxy.loseResponse('cut', 'update accounts');
    const onlyWrite = db.inUnitOfWork(async () => db.write(statement("update accounts set name = 'Ann'")));
    await expect(onlyWrite).rejects.toThrow(CommitUncertain);
    const unreachable = openDatabase({ url: proxy.url.replace(/:\d+\//, ':1/'), poolSize: 1 });
    closeAfterwards(unreachable);
    await expect(unreachable.writeOutsideTransaction(statement('select'))).rejects.toThrow(DatabaseBusy);
  });

  test('say that the database is away when it cannot be reached', async () => {
    const lines = logFromNow();
    await proxy.close();
    const responses = await sendOneOfEachKind();
    expect(responses.map(({ status }) => status)).toEqual([503, 503, 503]);
    expect(await readinessStatus()).toBe(503);
    for (const error of lines().filter(({ level }) => level === 'error')) {
      expect([error['msg'], error['database']]).toEqual([databaseErrorMessage, 'away']);
    }
  });
});
