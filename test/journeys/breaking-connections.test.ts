/** G06: connections to the database that break at any moment: no request is answered with 500, and none is half done. */
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

const unavailable = 'the database did not do what was asked';

let database: TestDatabase;
let frontdesk: Frontdesk;
let proxy: DatabaseProxy;
let site: RegisteredApp;
let tokens: Tokens;
/** Past the proxy. */
let direct: Database;

beforeAll(async () => {
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

const terminateAll = () =>
  runSql(
    direct,
    `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and application_name = 'frontdesk'`,
  );

/** Requests of people and of programs, all the time until `signal` aborts. @returns how often each status came */
async function requestUntil(signal: AbortSignal): Promise<Record<number, number>> {
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

/** Lines of the log from now on, by message. */
function logFromNow(): () => Record<string, unknown>[] {
  const start = frontdesk.logged.length;
  return () => frontdesk.logged.slice(start).map((line) => JSON.parse(line) as Record<string, unknown>);
}

const readiness = async () => (await sendRequest(`${frontdesk.issuer}/readyz`)).status;
const isReady = () => eventually(async () => (await readiness()) === 200);

describe('G06 no request is answered with 500', () => {
  test.each([
    ['the server terminates them', () => terminateAll()],
    ['the network resets them', () => proxy.cut()],
  ])('while %s', async (_how, breakAll) => {
    const lines = logFromNow();
    const stop = new AbortController();
    const requests = requestUntil(stop.signal);
    for (let turn = 0; turn < 40; turn += 1) {
      await sleep(50 + 20 * (turn % 5));
      await Promise.resolve(breakAll());
    }
    await isReady();
    stop.abort();
    const counts = await requests;
    expect(counts).toEqual({
      200: expect.any(Number),
      503: expect.any(Number),
      ...(counts[303] && { 303: counts[303] }),
    });
    const faults = lines().filter(({ level }) => level === 'error');
    expect(faults.length).toBeGreaterThan(0);
    for (const fault of faults) expect([fault['msg'], fault['database']]).toEqual([unavailable, 'away']);
  });
});

/** A page, a request of a program that writes, and one that only reads. */
const oneOfEach = async () =>
  Promise.all([
    newBrowser(frontdesk).visit(authorize(frontdesk, site).url),
    refresh(frontdesk, site, tokens.refresh_token!),
    callAs(frontdesk, site, '/oauth/introspect', { token: tokens.access_token }),
  ]);

describe('what an operator and a person are told', () => {
  test('of a commit whose answer was lost: that the outcome is unknown, not that nothing was done', async () => {
    const lines = logFromNow();
    const request = authorize(frontdesk, site);
    const code = await codeFor(newBrowser(frontdesk), request);
    proxy.loseAnswer('cut', 'COMMIT');
    const response = await exchange(frontdesk, site, { code, verifier: request.verifier });
    expect([response.status, response.headers['retry-after']]).toEqual([503, '2']);
    expect(response.json()['error_description']).toContain('we do not know whether it was done');
    expect(lines().filter(({ level }) => level === 'error')).toHaveLength(1);
    await isReady();
    // It was done: the code is used up.
    expect((await exchange(frontdesk, site, { code, verifier: request.verifier })).json()['error']).toBe(
      'invalid_grant',
    );
  });

  test('by a command, of a commit whose answer was lost', async () => {
    const environment = { ISSUER: frontdesk.issuer, DATABASE_URL: proxy.url, SECRET: frontdesk.secret };
    proxy.loseAnswer('cut', 'insert into apis', 'COMMIT');
    const outcome = await runFrontdesk(['apis', 'register', 'https://api.example/', '--name', 'Notes'], environment);
    expect([outcome.code, outcome.out]).toEqual([1, '']);
    expect(outcome.error).toContain('we do not know whether it was done');
    expect((await runFrontdesk(['apis', 'list'], environment)).out).toContain('https://api.example/');
  });

  test('of a statement that commits by itself and whose answer was lost', async () => {
    const db = openDatabase({ url: proxy.url, poolSize: 1 });
    closeAfterwards(db);
    const write = () => db.writeOutsideTransaction(statement("update accounts set name = 'Ann'"));
    proxy.loseAnswer('cut', 'update accounts');
    await expect(write()).rejects.toThrow(CommitUncertain);
    const unreachable = openDatabase({ url: proxy.url.replace(/:\d+\//, ':1/'), poolSize: 1 });
    closeAfterwards(unreachable);
    await expect(unreachable.writeOutsideTransaction(statement('select'))).rejects.toThrow(DatabaseBusy);
  });

  test('of a database that cannot be reached', async () => {
    const lines = logFromNow();
    await proxy.close();
    const responses = await oneOfEach();
    expect(responses.map(({ status }) => status)).toEqual([503, 503, 503]);
    expect(await readiness()).toBe(503);
    for (const fault of lines().filter(({ level }) => level === 'error')) {
      expect([fault['msg'], fault['database']]).toEqual([unavailable, 'away']);
    }
  });
});
