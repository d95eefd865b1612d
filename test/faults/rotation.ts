/** Which processes get requests: those whose `/readyz` is green, or all of them when none is. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sendRequest } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import type { ServerProcess } from '../support/server-process.ts';

export interface Rotation {
  /**
   * Ports of the processes that get requests: those that are ready. When none is, all get them, as with many load
   * balancers, and refuse them with 503.
   */
  ports(): number[];
  /** Waits until a new check finds each process ready. @returns milliseconds since `begin` (`performance.now()`) */
  untilReady(begin: number): Promise<number>;
  /** Milliseconds from `begin` (`performance.now()`) to the last check that failed; 0 when all since then succeeded. */
  lastNotReady(begin: number): number;
  stop(): Promise<void>;
}

export const checkEveryMilliseconds = 100;
const checkTimeoutMilliseconds = 1_000;

/** Checks each server ten times a second. */
export function startRotation(issuer: string, servers: readonly ServerProcess[]): Rotation {
  const ready = new Map<number, boolean>();
  const stopped = new AbortController();
  let notReadyAt = 0;

  async function isReady(port: number): Promise<boolean> {
    const status = sendRequest(`${issuer}/readyz`, {}, port).then(
      (response) => response.status,
      () => 0,
    );
    return (await Promise.race([status, sleep(checkTimeoutMilliseconds, 0)])) === 200;
  }
  async function check({ port }: ServerProcess): Promise<void> {
    while (!stopped.signal.aborted) {
      const wasReady = await isReady(port);
      ready.set(port, wasReady);
      if (!wasReady) notReadyAt = performance.now();
      await sleep(checkEveryMilliseconds);
    }
  }
  const checks = servers.map(check);
  const all = servers.map(({ port }) => port);
  return {
    ports() {
      const readyPorts = all.filter((port) => ready.get(port));
      return readyPorts.length > 0 ? readyPorts : all;
    },
    async untilReady(begin) {
      // Earlier checks may be outdated.
      ready.clear();
      return eventually(
        () => (all.every((port) => ready.get(port)) ? performance.now() - begin : undefined),
        (milliseconds) => milliseconds !== undefined,
      ).then((milliseconds) => milliseconds!);
    },
    lastNotReady: (begin) => Math.max(0, notReadyAt - begin),
    async stop() {
      stopped.abort();
      await Promise.all(checks);
    },
  };
}
