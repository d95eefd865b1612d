/** Work for later, in the database: any number of processes share it, and none is lost (graphile-worker). */
import {
  Logger,
  makeWorkerUtils,
  parseCronItems,
  run,
  runMigrations,
  type Runner,
  type TaskList,
} from 'graphile-worker';
import { openPool } from './database.ts';
import type { Log } from './log.ts';

/** Work at fixed times; one process of all does it. */
export interface Task {
  /** Name of the job, unique. */
  name: string;
  /** In crontab form, UTC. */
  when: string;
  run: () => Promise<void>;
}

/** What is done with a queued job of one kind. Payloads hold ids, never secrets. */
export type JobHandler = (payload: unknown) => Promise<void>;

export interface Jobs {
  /** Takes no more jobs, and waits for those under way. */
  stop(): Promise<void>;
}

export interface JobsOptions {
  url: string;
  log: Log;
  handlers: Record<string, JobHandler>;
  timetable: readonly Task[];
}

// Jobs are short: what takes long (calls to apps) is only begun by one.
const maxAtOnce = 4;

/** Brings the queue's own tables up to date. */
export async function migrateJobs(url: string): Promise<void> {
  await runMigrations({ connectionString: url, maxPoolSize: 1, logger: new Logger(() => () => {}) });
}

/**
 * Deletes jobs that failed for good; among them, hours later, those of workers that were killed. The kinds of jobs stay:
 * running workers know them by a number that would be given anew.
 */
export async function removeDeadJobs(url: string): Promise<void> {
  const logger = new Logger(() => () => {});
  const utils = await makeWorkerUtils({ connectionString: url, maxPoolSize: 1, logger });
  try {
    await utils.cleanup({ tasks: ['DELETE_PERMAFAILED_JOBS'] });
  } finally {
    await utils.release();
  }
}

export async function startJobs({ url, log, handlers, timetable }: JobsOptions): Promise<Jobs> {
  const taskList: TaskList = {
    ...handlers,
    ...Object.fromEntries(timetable.map(({ name, run: work }) => [name, () => work()])),
  };
  // The queue logs each failed try; what to make of it is ours to say.
  const logger = new Logger(() => (level, message, meta) => {
    if (level === 'error' || level === 'warning')
      log.warn({ ...(meta?.['error'] ? { err: meta['error'] } : {}) }, message);
  });
  const onError = (error: Error) => log.warn({ err: error }, 'job queue connection lost');
  const pgPool = openPool(url, maxAtOnce + 2, onError);
  const runner: Runner = await run({
    pgPool,
    concurrency: maxAtOnce,
    pollInterval: 2_000,
    // The program drains by itself and in its own order.
    noHandleSignals: true,
    logger,
    taskList,
    parsedCronItems: parseCronItems(
      timetable.map(({ name, when }) => ({ task: name, match: when, identifier: name, options: { maxAttempts: 1 } })),
    ),
  });
  return {
    async stop() {
      await runner.stop();
      await pgPool.end();
    },
  };
}
