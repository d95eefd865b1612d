/** Jobs and scheduled tasks, queued in the database and shared by all processes (graphile-worker). */
import { setTimeout as wait } from 'node:timers/promises';
import {
  Logger,
  makeWorkerUtils,
  parseCronItems,
  run,
  runMigrations,
  type Runner,
  type TaskList,
} from 'graphile-worker';
import { openPool, type Pool } from './pool.ts';
import type { Log } from './log.ts';
import { withinLimit } from './time-limit.ts';

/** A scheduled task, run by one of the processes each time. */
export interface Task {
  /** Unique among tasks and kinds of jobs. */
  name: string;
  /** A crontab expression, in UTC. */
  schedule: string;
  run: () => Promise<void>;
}

/** Runs a queued job of one kind. Payloads hold ids, never secrets. */
export type JobHandler = (payload: unknown) => Promise<void>;

export interface Jobs {
  /** Takes no more jobs, and waits until the running ones have finished. */
  stop(): Promise<void>;
}

export interface JobsOptions {
  url: string;
  log: Log;
  /** Kind of job → its handler. */
  handlers: Record<string, JobHandler>;
  tasks: readonly Task[];
}

// Jobs are short: a job starts the calls to an app and does not wait for them (background.ts).
const concurrency = 4;
const maxStopMilliseconds = 5_000;
const restartMilliseconds = 2_000;

/** Thrown when a newer release of the library has changed the tables of the queue. */
export class JobTablesNewer extends Error {
  override readonly name = 'JobTablesNewer';
}

/** Creates or updates the tables of the queue. @throws JobTablesNewer */
export async function migrateJobs(pgPool: Pool): Promise<void> {
  try {
    await runMigrations({ pgPool, logger: new Logger(() => () => {}) });
  } catch (error) {
    // The library has no code for this.
    const revision = /schema revision (\d+) which includes breaking/.exec((error as Error).message)?.[1];
    throw revision === undefined ? error : new JobTablesNewer(`graphile_worker ${revision}`, { cause: error });
  }
}

/**
 * Deletes jobs that have no attempts left, including those of killed workers, which the library releases after four
 * hours. Its other clean-up tasks stay off: they delete ids of kinds of jobs that running workers still use.
 */
export async function deleteFailedJobs(url: string): Promise<void> {
  const logger = new Logger(() => () => {});
  const pgPool = openPool(url, 1, () => {});
  const utils = await makeWorkerUtils({ pgPool, logger });
  try {
    await utils.cleanup({ tasks: ['DELETE_PERMAFAILED_JOBS'] });
  } finally {
    await utils.release();
    await pgPool.end();
  }
}

/**
 * Drops what the library prints with console.trace when one of its workers ends: a stack on stderr, between the JSON
 * lines of the log. The library also gives the same error to its logger.
 */
function silenceTraces(): void {
  console.trace = () => {};
}

export async function startJobs({ url, log, handlers, tasks }: JobsOptions): Promise<Jobs> {
  silenceTraces();
  const taskList: TaskList = {
    ...handlers,
    ...Object.fromEntries(tasks.map(({ name, run: work }) => [name, () => work()])),
  };
  // The library reports each failed attempt as an error; most are retried, so they are warnings here.
  const logger = new Logger(() => (level, message, meta) => {
    if (level === 'error' || level === 'warning')
      log.warn({ ...(meta?.['error'] ? { err: meta['error'] } : {}) }, message);
  });
  const onError = (error: Error) => log.warn({ err: error }, 'job queue connection lost');
  const pgPool = openPool(url, concurrency + 2, onError);
  const start = (): Promise<Runner> =>
    run({
      pgPool,
      concurrency,
      pollInterval: 2_000,
      // The server stops its parts itself, in its own order (app.ts).
      noHandleSignals: true,
      // Without batches nothing handles the rejection when a job cannot be marked as done, and the process would end.
      preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
      logger,
      taskList,
      parsedCronItems: parseCronItems(
        tasks.map(({ name, schedule }) => ({
          task: name,
          match: schedule,
          identifier: name,
          options: { maxAttempts: 1 },
        })),
      ),
    });
  const stopped = new AbortController();
  let runner = await start();

  /** Starts the queue again when it stops by itself, which it does when a job cannot be marked as done. */
  async function keepRunning(): Promise<void> {
    while (!stopped.signal.aborted) {
      const reason: unknown = await runner.promise.catch((error: unknown) => error);
      if (stopped.signal.aborted) return;
      log.warn({ err: reason }, 'the job queue stopped by itself, and is started again');
      await wait(restartMilliseconds, undefined, { signal: stopped.signal }).catch(() => {});
      runner = await start().catch((error: unknown) => {
        log.warn({ err: error }, 'the job queue could not be started');
        return runner;
      });
    }
    // `stop` was called while the queue was starting.
    await runner.stop();
  }
  const running = keepRunning();

  return {
    async stop() {
      stopped.abort();
      // When the database does not respond, these promises would never be settled.
      await withinLimit(Promise.allSettled([runner.stop(), running]), maxStopMilliseconds).catch(() => {});
      await withinLimit(pgPool.end(), maxStopMilliseconds).catch(() => {});
    },
  };
}
