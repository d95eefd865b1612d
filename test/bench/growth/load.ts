/** A client that refreshes and introspects at a steady rate, and measures the responses. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createHttpClient } from '../throughput/http-client.ts';
import { operations } from '../throughput/operations.ts';
import type { Target } from '../throughput/target.ts';

const connectionsOfOperation = 3;
const pauseMilliseconds = 50;

export interface Load {
  /** @returns milliseconds of each response since the last call @throws Error when one was not the expected response */
  take(): number[];
  stop(): Promise<void>;
}

/** Prepares tokens and a browser for each connection, then starts the load. */
export async function startTokenLoad(target: Target): Promise<Load> {
  const client = createHttpClient(new URL(target.issuer).host, target.port, connectionsOfOperation * 2);
  const chosen = operations.filter(({ name }) => name === 'refresh' || name === 'introspection');
  const prepared = chosen.flatMap((operation) =>
    Array.from({ length: connectionsOfOperation }, () => operation.prepare(target, client)),
  );
  let durations: number[] = [];
  let failure: unknown;
  const stopped = new AbortController();
  const loops = (await Promise.all(prepared)).map(async (step) => {
    while (!stopped.signal.aborted) {
      const start = performance.now();
      await step().catch((error: unknown) => (failure ??= error));
      durations.push(performance.now() - start);
      await sleep(pauseMilliseconds);
    }
  });
  return {
    take() {
      if (failure) throw failure as Error;
      const measured = durations;
      durations = [];
      return measured;
    },
    async stop() {
      stopped.abort();
      await Promise.all(loops);
      client.close();
    },
  };
}
