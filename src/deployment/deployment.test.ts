/** G03: a database belongs to one issuer and one root secret; servers and commands with others are refused by name. */
import { startFrontdesk, type Frontdesk } from '../../test/support/frontdesk.ts';
import { freshDatabase, runSql, type TestDatabase } from '../../test/support/database.ts';
import { runFrontdesk } from '../../test/support/terminal.ts';
import { loadConfig } from '../config.ts';
import { openBase } from '../base.ts';
import { createLog } from '../platform/log.ts';
import { temporaryFolder } from '../../test/support/cleanup.ts';

let frontdesk: Frontdesk;
const other = `other_${'x'.repeat(40)}`;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
});
afterAll(() => frontdesk.close());

const settings = (more: Record<string, string | undefined> = {}) => ({
  ISSUER: frontdesk.issuer,
  DATABASE_URL: frontdesk.database.url,
  SECRET: frontdesk.secret,
  ...more,
});
const list = (more: Record<string, string | undefined>) => runFrontdesk(['clients', 'list'], settings(more));

/** Starts as a server does, and closes. */
async function serve(more: Record<string, string | undefined>): Promise<void> {
  const base = await openBase(loadConfig(settings(more)), { role: 'server', log: createLog('silent') });
  await base.close();
}

test('G03 a command with another issuer is refused, and says which it should be', async () => {
  const { code, error } = await list({ ISSUER: 'http://localhost:4999' });
  expect(code).toBe(1);
  expect(error).toContain(
    `belongs to ${frontdesk.issuer}, and ISSUER is http://localhost:4999. Set ISSUER=${frontdesk.issuer}`,
  );
});

test('G03 a command with another root secret is refused, and says of which issuer it must be', async () => {
  const { code, error } = await list({ SECRET: other });
  expect([code, error]).toEqual([1, expect.stringContaining('was used with another root secret. Set SECRET')]);
  expect(error).toContain(frontdesk.issuer);
});

test('G03 a server is refused as well', async () => {
  await expect(serve({ ISSUER: 'http://localhost:4999' })).rejects.toMatchObject({ code: 'database_of_other_issuer' });
  await expect(serve({ SECRET: other })).rejects.toMatchObject({ code: 'database_of_other_secret' });
});

test('a database that a newer release has changed is refused by servers and commands, and named', async () => {
  const { db } = frontdesk;
  await runSql(db, `insert into migrations (name, run_on) values ('9999-newer', now())`);
  try {
    const { code, error } = await list({});
    expect([code, error]).toEqual([1, expect.stringContaining('(migration 9999-newer)')]);
    await expect(serve({})).rejects.toMatchObject({ code: 'database_newer' });
    expect((await runFrontdesk(['migrate'], settings())).code).toBe(1);
  } finally {
    await runSql(db, `delete from migrations where name = '9999-newer'`);
  }
  expect((await list({})).code).toBe(0);
});

test('so is a database whose job queue a newer release has changed', async () => {
  const { db } = frontdesk;
  await runSql(db, 'insert into graphile_worker.migrations (id, breaking) values (999999, true)');
  try {
    const { code, error } = await list({});
    expect([code, error]).toEqual([1, expect.stringContaining('(migration graphile_worker 999999)')]);
    await expect(serve({})).rejects.toMatchObject({ code: 'database_newer' });
  } finally {
    await runSql(db, 'delete from graphile_worker.migrations where id = 999999');
    // The library sets it.
    process.exitCode = 0;
  }
});

test('a root secret is replaced step by step, and the old one alone is refused afterwards', async () => {
  const [before, after] = [frontdesk.secret, `next_${'y'.repeat(40)}`];
  for (const SECRET of [`${before},${after}`, `${after},${before}`, after]) await serve({ SECRET });
  await expect(serve({ SECRET: before })).rejects.toMatchObject({ code: 'database_of_other_secret' });
  expect((await list({ SECRET: before })).code).toBe(1);
  for (const SECRET of [`${after},${before}`, before]) await serve({ SECRET });
});

test('a command without ISSUER acts for the issuer of the database, and says so when it changes something', async () => {
  const { code, error } = await runFrontdesk(['policy', 'set', 'session_idle', '1d'], settings({ ISSUER: undefined }));
  expect([code, error]).toEqual([0, `at ${frontdesk.issuer}\n`]);
  expect((await runFrontdesk(['policy', 'list'], settings({ ISSUER: undefined }))).error).toBe('');
});

test('a command creates no secret for a database that has one', async () => {
  const folder = temporaryFolder();
  const { code, error } = await list({ SECRET: undefined, ISSUER: undefined, DATA_DIR: folder });
  expect([code, error]).toEqual([1, expect.stringContaining('The root secret of this database is not known')]);
});

describe('an empty database', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await freshDatabase({ isEmpty: true });
  });
  afterAll(() => database.drop());

  test('is prepared by a command with --new only', async () => {
    const empty = { DATABASE_URL: database.url, ISSUER: 'http://localhost:4999', SECRET: other };
    const refused = await runFrontdesk(['clients', 'list'], empty);
    expect([refused.code, refused.error]).toEqual([1, expect.stringContaining('is empty')]);
    expect((await runFrontdesk(['clients', 'list', '--new'], empty)).code).toBe(0);
    expect((await runFrontdesk(['clients', 'list'], { ...empty, SECRET: `${other}z` })).code).toBe(1);
  });
});
