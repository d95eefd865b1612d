/** Which processes get requests: those whose `/readyz` is green, or all of them when none is. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sendRequest } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import type { ServerProcess } from '../support/server-process.ts';

export interface Rotation {
  /**
   * Ports of the processes that get requests. When none is ready, all are: a balancer that has no better choice sends
   * requests on, and the processes say what they cannot do.
   */
  ports(): number[];
  /** Waits until all are ready, by the balancer's checks. @returns milliseconds since `begin` */
  untilReady(begin: number): Promise<number>;
  /** Milliseconds from `begin` until the last check that did not find a process ready; 0 when all found it ready. */
  lastNotReady(begin: number): number;
  stop(): Promise<void>;
}

export const checkEveryMilliseconds = 100;
const checkTimeoutMilliseconds = 1_000;

/** @param servers that are checked ten times a second */
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
      const isGreen = await isReady(port);
      ready.set(port, isGreen);
      if (!isGreen) notReadyAt = performance.now();
      await sleep(checkEveryMilliseconds);
    }
  }
  const checks = servers.map(check);
  const all = servers.map(({ port }) => port);
  return {
    ports() {
      const some = all.filter((port) => ready.get(port));
      return some.length > 0 ? some : all;
    },
    async untilReady(begin) {
      // What was found before may have changed since.
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
