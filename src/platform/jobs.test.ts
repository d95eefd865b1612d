/** The queue of jobs: its clean-up, and a database that goes away. */
import { closeAfterwards } from '../../test/support/cleanup.ts';
import { freshDatabase, runSql, statement, type TestDatabase } from '../../test/support/database.ts';
import { startDatabaseProxy } from '../../test/support/database-proxy.ts';
import { eventually } from '../../test/support/eventually.ts';
import { openDatabase, type Database } from './database.ts';
import { deleteFailedJobs, startJobs } from './jobs.ts';
import { createLog } from './log.ts';

let database: TestDatabase;
let db: Database;

beforeAll(async () => {
  database = await freshDatabase();
  db = openDatabase({ url: database.url });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

const kinds = async () =>
  (await runSql<{ kind: string }>(db, 'select task_identifier as kind from graphile_worker.jobs order by 1')).map(
    ({ kind }) => kind,
  );
const add = (kind: string, more: string) =>
  runSql(db, `select graphile_worker.add_job('${kind}', '{}', max_attempts := 1${more})`);

test('failed jobs without attempts left are deleted; queued and running jobs stay, and so do the kinds of jobs', async () => {
  let finish = (): void => {};
  const held = new Promise<void>((resolve) => (finish = resolve));
  const called: string[] = [];
  const handlers = {
    fails: async () => {
      called.push('fails');
      throw new Error('as it should');
    },
    works: async () => {
      called.push('works');
      await held;
    },
    waits: async () => {},
  };
  const jobs = await startJobs({ url: database.url, log: createLog('silent'), handlers, tasks: [] });
  closeAfterwards(() => {
    finish();
    return jobs.stop();
  });
  await add('fails', '');
  await add('works', '');
  await add('waits', ", run_at := now() + interval '1 day'");
  const failed = statement(
    "select from graphile_worker.jobs where task_identifier = 'fails' and locked_at is null and last_error is not null",
  );
  await eventually(async () => called.length === 2 && (await db.read(failed)).length === 1);

  await deleteFailedJobs(database.url);
  expect(await kinds()).toEqual(['waits', 'works']);

  // A worker that runs goes on with a kind of which no job was left.
  await add('fails', '');
  await eventually(() => called.length === 3);
});

test('a job that ends while the database is away ends neither the process nor the queue', async () => {
  const proxy = await startDatabaseProxy(database.url);
  const port = Number(new URL(proxy.url).port);
  const lines: string[] = [];
  const log = createLog('warn', { write: (line) => void lines.push(line) });
  let finish = (): void => {};
  const held = new Promise<void>((resolve) => (finish = resolve));
  const called: string[] = [];
  const handlers = {
    ends: async () => {
      called.push('ends');
      await held;
    },
    follows: async () => void called.push('follows'),
  };
  const jobs = await startJobs({ url: proxy.url, log, handlers, tasks: [] });
  closeAfterwards(() => {
    finish();
    return jobs.stop();
  });
  await add('ends', '');
  await eventually(() => called.length === 1);
  await proxy.close();
  finish();
  await eventually(() => lines.some((line) => line.includes('the job queue could not be started')));
  await startDatabaseProxy(database.url, port);
  await add('follows', '');
  await eventually(() => called.includes('follows'));
});
