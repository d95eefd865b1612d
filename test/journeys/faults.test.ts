/** When the database fails in the middle: a clear answer, and nothing half done. */
import { ann, siteA, type RegisteredApp } from '../support/cast.ts';
import { statement } from '../support/database.ts';
import { authorize, codeFor, exchange, newBrowser, signIn } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';

let desk: Frontdesk;
let appA: RegisteredApp;

beforeAll(async () => {
  desk = await startFrontdesk();
  await ann(desk);
  appA = await siteA(desk);
  await desk.db.read(
    statement(`create function refuse() returns trigger language plpgsql as $$ begin raise 'no room'; end $$`),
  );
});
afterAll(() => desk.close());

/** Makes every write to a table fail, at once or when it is committed. */
async function withBroken(table: string, when: 'at once' | 'at the commit', work: () => Promise<void>): Promise<void> {
  const deferred = when === 'at the commit' ? 'deferrable initially deferred' : '';
  await desk.db.read(
    statement(`create constraint trigger broken after insert or update on ${table} ${deferred}
      for each row execute function refuse()`),
  );
  try {
    await work();
  } finally {
    await desk.db.read(statement(`drop trigger broken on ${table}`));
  }
}

const counts = async () =>
  desk.db.read(
    statement(`select (select count(*) from sessions) s, (select count(*) from grants) g,
      (select count(*) from artifacts where kind <> 'Interaction') a`),
  );

test.each(['at once', 'at the commit'] as const)(
  'a session that cannot be written (%s) is not given out',
  async (when) => {
    const browser = newBrowser(desk);
    const form = await browser.visit(authorize(desk, appA).url);
    const before = await counts();
    await withBroken('sessions', when, async () => {
      const page = await signIn(form, 'ann');
      expect(page.status).toBe(when === 'at once' ? 500 : 503);
      expect(page.headers['set-cookie']).toBeUndefined();
      expect(page.location).toBeUndefined();
      expect(page.text).toMatch(/Request [0-9a-f-]{36}/);
      if (when === 'at the commit') expect(page.headers['retry-after']).toBe('2');
    });
    expect(await counts()).toEqual(before);
    expect(await browser.cookie(desk.issuer, 'fd_session')).toBeUndefined();
  },
);

test('tokens that cannot be written leave the code as it was', async () => {
  const request = authorize(desk, appA);
  const code = await codeFor(newBrowser(desk), request);
  const before = await counts();
  await withBroken('artifacts', 'at the commit', async () => {
    const answer = await exchange(desk, appA, { code, verifier: request.verifier });
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('2');
    expect(answer.json()).toMatchObject({ error: 'temporarily_unavailable', request_id: expect.any(String) });
    expect(answer.body).not.toContain('access_token');
  });
  expect(await counts()).toEqual(before);
  expect((await exchange(desk, appA, { code, verifier: request.verifier })).status).toBe(200);
});

test('while no connection is to be had, people and programs are told to come back', async () => {
  const narrow = await startFrontdesk({ beside: desk, settings: { DATABASE_POOL: '1' } });
  const [page, answer] = await narrow.db.inUnitOfWork(async () => {
    await narrow.db.guard(statement('select'));
    return Promise.all([
      newBrowser(desk, narrow.port).visit(authorize(desk, appA).url),
      exchange(desk, appA, { code: 'none', verifier: 'x'.repeat(43) }, narrow.port),
    ]);
  });
  expect([page.status, page.headers['retry-after']]).toEqual([503, '2']);
  expect(page.text).toContain('The desk is very busy and nothing was done');
  expect([answer.status, answer.headers['retry-after']]).toEqual([503, '2']);
  expect(answer.json()).toMatchObject({ error: 'temporarily_unavailable' });
  expect((await newBrowser(desk, narrow.port).visit(authorize(desk, appA).url)).status).toBe(200);
  await narrow.close();
}, 20_000);

test('faults are in the log, with the request they belong to and without what was sent', () => {
  const faults = desk.logged.filter((line) => line.includes('"level":"error"'));
  expect(faults.length).toBeGreaterThan(0);
  for (const line of faults) {
    expect(JSON.parse(line)).toMatchObject({ requestId: expect.any(String), err: { message: expect.any(String) } });
    expect(line).not.toContain('correct horse');
  }
});

test('every request is one line in the log, without names that open anything', () => {
  const lines = desk.logged
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

test('an account that is suspended while its session lives is asked to sign in, and turned down', async () => {
  const browser = newBrowser(desk);
  await codeFor(browser, authorize(desk, appA));
  await desk.db.read(statement('update accounts set suspended_at = now()'));
  const page = await browser.visit(authorize(desk, appA).url);
  expect(page.status).toBe(200);
  const refused = await signIn(page, 'ann');
  expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('This account is suspended')]);
  expect((await signIn(page, 'ann', 'wrong')).text).not.toContain('suspended');
});
