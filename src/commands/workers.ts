/** Runs the server in several processes on one port (WEB_CONCURRENCY), which the primary process starts and watches. */
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { LocalFailure } from '../platform/local-failure.ts';
import type { Log } from '../platform/log.ts';

const readyMessage = 'ready';
const restartMilliseconds = 1_000;

/** Whether this process was started by `runWorkers`. */
export const { isWorker } = cluster;

/** Tells the primary process that this worker accepts requests. */
export const reportReady = (): void => void process.send?.(readyMessage);

/** Waits until the worker accepts requests. @returns false when it ends before */
async function becomesReady(worker: Worker): Promise<boolean> {
  const finished = new AbortController();
  const { signal } = finished;
  const events = [
    once(worker, 'message', { signal }).then(() => true),
    once(worker, 'exit', { signal }).then(() => false),
  ];
  try {
    return await Promise.race(events);
  } finally {
    finished.abort();
    // Aborting removes the other listener, and rejects its promise.
    for (const event of events) event.catch(() => {});
  }
}

/**
 * Starts workers that run the same command, and starts one again when it ends by itself.
 *
 * @param stop ends them with SIGTERM: each finishes its requests
 * @param onReady called once, when all of them accept requests
 * @returns when all of them have ended
 * @throws LocalFailure `worker_not_started` when the first one ends before it accepts requests, after it has printed the
 *   reason
 */
export async function runWorkers(count: number, log: Log, stop: AbortSignal, onReady: () => void): Promise<void> {
  /** Replaces a worker whenever it ends, until `stop`. @param worker the one that runs now */
  async function keepRunning(worker: Worker): Promise<void> {
    while (!stop.aborted) {
      if (!worker.isDead()) await once(worker, 'exit');
      if (stop.aborted) return;
      const { exitCode, signalCode } = worker.process;
      log.warn({ pid: worker.process.pid, exitCode, signal: signalCode }, 'a worker ended, and is started again');
      worker = cluster.fork();
      // The wait ends early, by an error, when the server is to stop.
      if (!(await becomesReady(worker))) await wait(restartMilliseconds, undefined, { signal: stop }).catch(() => {});
    }
  }

  // A signal may have come while the database was opened; the listener would not be called.
  if (stop.aborted) return;
  stop.addEventListener('abort', () => {
    for (const worker of Object.values(cluster.workers ?? {})) worker!.process.kill('SIGTERM');
  });
  // The other workers are started later: what makes the first one fail would make each of them fail.
  const first = cluster.fork();
  if (!(await becomesReady(first))) {
    if (stop.aborted) return;
    throw new LocalFailure('worker_not_started', {});
  }
  const others = Array.from({ length: stop.aborted ? 0 : count - 1 }, () => cluster.fork());
  const running = [first, ...others].map(keepRunning);
  await Promise.all(others.map(becomesReady));
  if (!stop.aborted) onReady();
  await Promise.all(running);
  // `keepRunning` does not wait for the end of a worker that was starting when `stop` came.
  for (const worker of Object.values(cluster.workers ?? {})) if (!worker!.isDead()) await once(worker!, 'exit');
}
