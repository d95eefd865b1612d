/** Tests that a request whose statement or commit fails gets an error response and changes nothing. */
import { ann, app, password, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { runSql, statement } from '../support/database.ts';
import { responseParameters, authorize, codeFor, exchange, newBrowser, signIn, tokensFor } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';

let frontdesk: Frontdesk;
let appA: RegisteredApp;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await ann(frontdesk);
  appA = await siteA(frontdesk);
  await runSql(
    frontdesk.db,
    `create function refuse() returns trigger language plpgsql as $$ begin raise 'no room'; end $$`,
  );
});

/** Runs `work` while every write to a table fails, at the statement or at the commit. */
async function withFailingWrites(
  table: string,
  when: 'at once' | 'at the commit',
  work: () => Promise<void>,
): Promise<void> {
  const deferred = when === 'at the commit' ? 'deferrable initially deferred' : '';
  await runSql(
    frontdesk.db,
    `create constraint trigger broken after insert or update on ${table} ${deferred}
      for each row execute function refuse()`,
  );
  try {
    await work();
  } finally {
    await runSql(frontdesk.db, `drop trigger broken on ${table}`);
  }
}

/** How many sessions, grants and artifacts are stored. */
const countRows = async () =>
  runSql(
    frontdesk.db,
    `select (select count(*) from sessions) s, (select count(*) from grants) g,
      (select count(*) from artifacts where kind <> 'Interaction') a`,
  );

test.each(['at once', 'at the commit'] as const)(
  'a sign-in whose session cannot be written (%s) gets status 500 and no cookie',
  async (when) => {
    const browser = newBrowser(frontdesk);
    const form = await browser.visit(authorize(frontdesk, appA).url);
    const before = await countRows();
    await withFailingWrites('sessions', when, async () => {
      const page = await signIn(form, 'ann');
      expect(page.status).toBe(500);
      expect(page.headers['set-cookie']).toBeUndefined();
      expect(page.location).toBeUndefined();
      expect(page.text).toMatch(/Request [0-9a-f-]{36}/);
      expect(page.headers['retry-after']).toBeUndefined();
    });
    expect(await countRows()).toEqual(before);
    expect(await browser.cookie(frontdesk.issuer, 'fd_session')).toBeUndefined();
  },
);

test('when tokens cannot be written because the disk is full, the code is not consumed', async () => {
  const failWithFullDisk = `create or replace function refuse() returns trigger language plpgsql as
    $$ begin raise 'no room' using errcode = 'disk_full'; end $$`;
  await runSql(frontdesk.db, failWithFullDisk);
  const request = authorize(frontdesk, appA);
  const code = await codeFor(newBrowser(frontdesk), request);
  const before = await countRows();
  await withFailingWrites('artifacts', 'at the commit', async () => {
    const response = await exchange(frontdesk, appA, { code, verifier: request.verifier });
    expect(response.status).toBe(503);
    expect(response.headers['retry-after']).toBe('2');
    expect(response.json()).toMatchObject({ error: 'temporarily_unavailable', request_id: expect.any(String) });
    expect(response.body).not.toContain('access_token');
  });
  expect(await countRows()).toEqual(before);
  expect((await exchange(frontdesk, appA, { code, verifier: request.verifier })).status).toBe(200);
});

describe('when one statement of a request fails', () => {
  /** Runs `work` while artifacts of this kind cannot be written. */
  const withoutArtifacts = async <T>(kind: string, work: () => Promise<T>): Promise<T> => {
    const alter = (text: string) => frontdesk.db.inUnitOfWork(async () => frontdesk.db.write(statement(text)));
    await alter(`alter table artifacts add constraint broken check (kind <> '${kind}') not valid`);
    try {
      return await work();
    } finally {
      await alter('alter table artifacts drop constraint broken');
    }
  };

  test.each(['AccessToken', 'RefreshToken'])(
    'which writes the %s, the exchange gets no tokens and does not consume the code',
    async (kind) => {
      const web = await siteA(frontdesk, { id: `web-${kind.toLowerCase()}` });
      const request = authorize(frontdesk, web, { scope: 'openid offline_access', prompt: 'consent' });
      const code = await codeFor(newBrowser(frontdesk), request);
      const codeAndVerifier = { code, verifier: request.verifier };
      const failed = await withoutArtifacts(kind, () => exchange(frontdesk, web, codeAndVerifier));
      expect([failed.status, failed.json()['error']]).toEqual([500, 'server_error']);
      expect(failed.body).not.toMatch(/constraint|artifacts|relation/);
      expect((await exchange(frontdesk, web, codeAndVerifier)).status).toBe(200);
    },
  );

  test('a sign-in sets no cookie, and the log does not contain the row', async () => {
    const browser = newBrowser(frontdesk);
    const page = await browser.visit(authorize(frontdesk, appA).url);
    const failed = await withoutArtifacts('AuthorizationCode', () => signIn(page, 'ann'));
    expect(failed.status).toBeGreaterThanOrEqual(500);
    expect(failed.headers['set-cookie']).toBeUndefined();
    expect(await browser.cookie(frontdesk.issuer, 'fd_session')).toBeUndefined();
    const errorLine = frontdesk.logged.findLast((line) => line.includes('"level":"error"'))!;
    expect(errorLine).toContain('violates check constraint');
    expect(errorLine).not.toContain('Failing row contains');
  });
});

test('a sign-out whose receipt cannot be written redirects to the success page', async () => {
  const appWithoutLogout = await app(frontdesk, { id: 'no-logout', name: 'No logout', isFirstParty: true });
  const browser = newBrowser(frontdesk);
  const { id_token: hint } = await tokensFor(frontdesk, browser, appA);
  await codeFor(browser, authorize(frontdesk, appWithoutLogout));
  await withFailingWrites('receipts', 'at once', async () => {
    const page = await browser.send(`${frontdesk.issuer}/oauth/logout?id_token_hint=${hint}`);
    expect([page.status, page.location]).toEqual([303, `${frontdesk.issuer}/oauth/logout/success?client_id=site-a`]);
  });
  expect(await browser.cookie(frontdesk.issuer, 'fd_session')).toBeUndefined();
  const line = frontdesk.logged.findLast((each) => each.includes('no receipt could be written'));
  expect(JSON.parse(line!)).toMatchObject({ level: 'warn', requestId: expect.any(String) });
});

test('after a deadlock browsers get a redirect that repeats the request, and programs get status 503', async () => {
  const browser = newBrowser(frontdesk);
  const page = await browser.visit(authorize(frontdesk, appA).url);
  const request = authorize(frontdesk, appA);
  const code = await codeFor(newBrowser(frontdesk), request);
  await runSql(
    frontdesk.db,
    `create or replace function refuse() returns trigger language plpgsql as
      $$ begin raise 'deadlock detected' using errcode = 'deadlock_detected'; end $$`,
  );
  for (const when of ['at once', 'at the commit'] as const) {
    await withFailingWrites('artifacts', when, async () => {
      const url = authorize(frontdesk, appA).url;
      const get = await browser.send(url);
      expect([get.status, get.location, get.headers['set-cookie']]).toEqual([303, url, undefined]);
      const action = new URL(page.root.querySelector('form')!.getAttribute('action')!, page.url).href;
      const csrf = page.root.querySelector('input[name=csrf]')!.getAttribute('value')!;
      const post = await browser.send(action, { form: { csrf, login: 'ann', password } });
      expect([post.status, post.location]).toEqual([307, action]);
      expect((await exchange(frontdesk, appA, { code, verifier: request.verifier })).status).toBe(503);
    });
  }
  expect(responseParameters(await signIn(page, 'ann'))['code']).toBeTruthy();
  expect((await exchange(frontdesk, appA, { code, verifier: request.verifier })).status).toBe(200);
});

test('G06 without a free database connection, people and programs get status 503 with Retry-After', async () => {
  const oneConnection = await startFrontdesk({ sameDeploymentAs: frontdesk, settings: { DATABASE_POOL: '1' } });
  const [page, response] = await oneConnection.db.inUnitOfWork(async () => {
    await oneConnection.db.guard(statement('select'));
    return Promise.all([
      newBrowser(frontdesk, oneConnection.port).visit(authorize(frontdesk, appA).url),
      exchange(frontdesk, appA, { code: 'none', verifier: 'x'.repeat(43) }, oneConnection.port),
    ]);
  });
  expect([page.status, page.headers['retry-after']]).toEqual([503, '2']);
  expect(page.text).toContain('very busy and nothing was done');
  expect([response.status, response.headers['retry-after']]).toEqual([503, '2']);
  expect(response.json()).toMatchObject({ error: 'temporarily_unavailable' });
  expect((await newBrowser(frontdesk, oneConnection.port).visit(authorize(frontdesk, appA).url)).status).toBe(200);
  await oneConnection.close();
});

test('E10 errors are logged with the request id, and without the password', () => {
  const errorLines = frontdesk.logged.filter((line) => line.includes('"level":"error"'));
  expect(errorLines.length).toBeGreaterThan(0);
  for (const line of errorLines) {
    expect(JSON.parse(line)).toMatchObject({ requestId: expect.any(String), err: { message: expect.any(String) } });
    expect(line).not.toContain('correct horse');
  }
});

test('E10 the log has one line for each request, without ids of interactions or receipts', () => {
  const lines = frontdesk.logged
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ msg }) => msg === 'request');
  expect(lines.length).toBeGreaterThan(5);
  for (const line of lines) {
    expect(Object.keys(line).toSorted()).toEqual([
      'ip',
      'level',
      'method',
      'milliseconds',
      'msg',
      'path',
      'requestId',
      'status',
      'time',
    ]);
    expect(String(line['path'])).not.toMatch(/[\w-]{40}/);
  }
});

test('a person whose account is suspended during a session gets the sign-in page, which refuses them', async () => {
  const browser = newBrowser(frontdesk);
  await codeFor(browser, authorize(frontdesk, appA));
  await runSql(frontdesk.db, 'update accounts set suspended_at = now()');
  const page = await browser.visit(authorize(frontdesk, appA).url);
  expect(page.status).toBe(200);
  const refused = await signIn(page, 'ann');
  expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('This account is suspended')]);
  expect((await signIn(page, 'ann', 'wrong')).text).not.toContain('suspended');
});
