/** Tests that requests get a response while the database does not respond, and that the process recovers afterwards. */
import { closeAfterwards } from '../support/cleanup.ts';
import { sendRequest } from '../support/browser.ts';
import { ann, app, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { freshDatabase, statement } from '../support/database.ts';
import { startDatabaseProxy, type DatabaseProxy } from '../support/database-proxy.ts';
import { eventually } from '../support/eventually.ts';
import { authorize, callAs, codeFor, exchange, newBrowser, refresh, tokensFor, type Tokens } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { openDatabase } from '../../src/platform/database.ts';
import { CommitUncertain } from '../../src/platform/database-errors.ts';
import { DatabaseSilent } from '../../src/platform/time-limit.ts';
import { updateAndInsert as exchangeStatement } from '../../src/tokens/exchange-repository.ts';

let frontdesk: Frontdesk;
let proxy: DatabaseProxy;
let site: RegisteredApp;
let tokens: Tokens;

beforeAll(async () => {
  const database = await freshDatabase();
  proxy = await startDatabaseProxy(database.url);
  frontdesk = await startFrontdesk({ settings: { DATABASE_URL: proxy.url } });
  closeAfterwards(frontdesk);
  await ann(frontdesk);
  site = await siteA(frontdesk);
  tokens = await tokensFor(frontdesk, newBrowser(frontdesk), site);
});

const readinessStatus = async () => (await sendRequest(`${frontdesk.issuer}/readyz`)).status;

test('G06 while the database is silent, requests get status 503 with Retry-After; afterwards all requests succeed', async () => {
  const browser = newBrowser(frontdesk);
  await codeFor(browser, authorize(frontdesk, site));
  proxy.freeze();
  const requests = [
    () => browser.send(authorize(frontdesk, site).url),
    () => refresh(frontdesk, site, tokens.refresh_token!),
    () => callAs(frontdesk, site, '/oauth/introspect', { token: tokens.access_token }),
    () => browser.send(`${frontdesk.issuer}/account`),
    () =>
      sendRequest(`${frontdesk.issuer}/oauth/userinfo`, {
        headers: { authorization: `Bearer ${tokens.access_token}` },
      }),
  ];
  const responses = await Promise.all([...requests, ...requests, ...requests].map((send) => send()));
  for (const { status, headers } of responses)
    expect([status, headers['retry-after']]).toEqual([503, expect.any(String)]);
  expect((await sendRequest(`${frontdesk.issuer}/healthz`)).status).toBe(200);
  expect(await readinessStatus()).toBe(503);

  proxy.thaw();
  await eventually(async () => (await readinessStatus()) === 200);
  // The refresh was rolled back, or a repeated one gets the same successor.
  expect((await refresh(frontdesk, site, tokens.refresh_token!)).status).toBe(200);
  expect((await browser.send(authorize(frontdesk, site).url)).location).toContain('code=');
});

test('a request does not try the lost connections of the pool one after the other', async () => {
  // Opens all connections of the pool.
  await Promise.all(Array.from({ length: 20 }, () => newBrowser(frontdesk).send(authorize(frontdesk, site).url)));
  proxy.silenceConnections();
  await readinessStatus();
  expect(await readinessStatus()).toBe(200);
  expect((await newBrowser(frontdesk).send(authorize(frontdesk, site).url)).status).toBe(303);
});

test('statements on lost connections end before their time limit', async () => {
  const db = openDatabase({ url: proxy.url, poolSize: 2 });
  closeAfterwards(db);
  closeAfterwards(await db.followChanges(() => {}));
  const select = statement('select');
  const readTwice = () => Promise.all([1, 2].map(() => db.read(select).catch((error: unknown) => error)));
  await readTwice();
  proxy.silenceConnections();
  for (const error of await readTwice()) {
    expect(error).toMatchObject({ trouble: 'away' });
    expect(error).not.toBeInstanceOf(DatabaseSilent);
  }
  expect(await db.isResponding()).toBe(true);
});

test('when the response of the database to an exchange is lost, the client reads that the outcome is unknown', async () => {
  const request = authorize(frontdesk, site);
  const code = await codeFor(newBrowser(frontdesk), request);
  proxy.loseResponse('silence', exchangeStatement.name);
  const response = await exchange(frontdesk, site, { code, verifier: request.verifier });
  expect([response.status, response.headers['retry-after']]).toEqual([503, '2']);
  expect(response.json()['error_description']).toContain('we do not know whether it was done');
  const repeated = await exchange(frontdesk, site, { code, verifier: request.verifier });
  expect(repeated.json()['error']).toBe('invalid_grant');
});

test('a sign-out redirects to the success page when the database does not respond while the receipt is stored', async () => {
  const appWithoutLogout = await app(frontdesk, { id: 'no-logout', name: 'No logout', isFirstParty: true });
  const browser = newBrowser(frontdesk);
  const { id_token: hint } = await tokensFor(frontdesk, browser, site);
  await codeFor(browser, authorize(frontdesk, appWithoutLogout));
  proxy.loseResponse('silence', 'insert into receipts');
  const page = await browser.send(`${frontdesk.issuer}/oauth/logout?id_token_hint=${hint}`);
  expect([page.status, page.location]).toEqual([303, `${frontdesk.issuer}/oauth/logout/success?client_id=site-a`]);
  expect(await browser.cookie(frontdesk.issuer, 'fd_session')).toBeUndefined();
});

test('a commit waits for its response until the time limit of the unit of work', async () => {
  const db = openDatabase({ url: proxy.url, poolSize: 2 });
  closeAfterwards(db);
  const ended: string[] = [];
  let writeCount = 0;
  const commitIn = (name: string, maxMilliseconds?: number) =>
    db.startUnitOfWork(async (unit) => {
      await db.guard(statement('select'));
      writeCount += 1;
      await eventually(() => writeCount === 2);
      proxy.freeze();
      await expect(unit.commit()).rejects.toThrow(CommitUncertain);
      ended.push(name);
    }, maxMilliseconds);
  await Promise.all([commitIn('without a limit'), commitIn('with a limit', 3_000)]);
  proxy.thaw();
  expect(ended).toEqual(['with a limit', 'without a limit']);
});

test('a statement waits for a connection until the time limit of its unit of work, and the connection is not lost', async () => {
  const db = openDatabase({ url: frontdesk.database.url, poolSize: 1 });
  closeAfterwards(db);
  const select = statement('select');
  const expectTimeout = (work: () => Promise<unknown>) =>
    db.startUnitOfWork(async (unit) => {
      await expect(work()).rejects.toMatchObject({ trouble: 'connections' });
      await unit.rollback();
    }, 500);
  let isWaiting = true;
  let waiting: Promise<unknown> | undefined;
  await db.startUnitOfWork(async (holder) => {
    await db.guard(select);
    waiting = db.startUnitOfWork(() => db.read(select)).finally(() => (isWaiting = false));
    await Promise.all([expectTimeout(() => db.read(select)), expectTimeout(() => db.guard(select))]);
    expect(isWaiting).toBe(true);
    await holder.rollback();
  });
  await waiting;
  expect(await db.isResponding()).toBe(true);
});

test('a process stops while the database is silent', async () => {
  const other = await startFrontdesk({ sameDeploymentAs: frontdesk, settings: { DATABASE_URL: proxy.url } });
  proxy.freeze();
  await other.close();
  proxy.thaw();
});
