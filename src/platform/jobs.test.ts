/** Tests that failed jobs are deleted and that the queue survives an absent database. */
import { closeAfterwards } from '../../test/support/cleanup.ts';
import { freshDatabase, runSql, type TestDatabase } from '../../test/support/database.ts';
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
const addJob = (kind: string, options: string) =>
  runSql(db, `select graphile_worker.add_job('${kind}', '{}', max_attempts := 1${options})`);

test('only failed jobs without attempts left are deleted, and their kinds still run afterwards', async () => {
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const calledKinds: string[] = [];
  const handlers = {
    fails: async () => {
      calledKinds.push('fails');
      throw new Error('expected failure');
    },
    works: async () => {
      calledKinds.push('works');
      await finished;
    },
    waits: async () => {},
  };
  const jobs = await startJobs({ url: database.url, log: createLog('silent'), handlers, tasks: [] });
  closeAfterwards(() => {
    finish();
    return jobs.stop();
  });
  await addJob('fails', '');
  await addJob('works', '');
  await addJob('waits', ", run_at := now() + interval '1 day'");
  const failedJobs =
    "select from graphile_worker.jobs where task_identifier = 'fails' and locked_at is null and last_error is not null";
  await eventually(async () => calledKinds.length === 2 && (await runSql(db, failedJobs)).length === 1);

  await deleteFailedJobs(database.url);
  expect(await kinds()).toEqual(['waits', 'works']);

  // A running worker still accepts jobs of a kind whose jobs were all deleted.
  await addJob('fails', '');
  await eventually(() => calledKinds.length === 3);
});

test('a job that finishes while the database is unreachable stops neither the process nor the queue', async () => {
  const proxy = await startDatabaseProxy(database.url);
  const port = Number(new URL(proxy.url).port);
  const lines: string[] = [];
  const log = createLog('warn', { write: (line) => void lines.push(line) });
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const calledKinds: string[] = [];
  const handlers = {
    ends: async () => {
      calledKinds.push('ends');
      await finished;
    },
    follows: async () => void calledKinds.push('follows'),
  };
  const jobs = await startJobs({ url: proxy.url, log, handlers, tasks: [] });
  closeAfterwards(() => {
    finish();
    return jobs.stop();
  });
  await addJob('ends', '');
  await eventually(() => calledKinds.length === 1);
  await proxy.close();
  finish();
  await eventually(() => lines.some((line) => line.includes('the job queue could not be started')));
  await startDatabaseProxy(database.url, port);
  await addJob('follows', '');
  await eventually(() => calledKinds.includes('follows'));
});
