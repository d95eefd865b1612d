/** A client that refreshes and introspects at a steady rate, and how long the responses take. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createHttpClient } from '../throughput/http-client.ts';
import { operations } from '../throughput/operations.ts';
import type { Target } from '../throughput/target.ts';

const connectionsOfEach = 3;
const pauseMilliseconds = 50;

export interface Load {
  /** The times of the responses since the last call, in milliseconds. @throws Error when one was not as it should be */
  take(): number[];
  stop(): Promise<void>;
}

/** Begins once everything is prepared: each connection has a browser and tokens of its own. */
export async function startLoad(target: Target): Promise<Load> {
  const client = createHttpClient(new URL(target.issuer).host, target.port, connectionsOfEach * 2);
  const chosen = operations.filter(({ name }) => name === 'refresh' || name === 'introspection');
  const prepared = chosen.flatMap((operation) =>
    Array.from({ length: connectionsOfEach }, () => operation.prepare(target, client)),
  );
  let durations: number[] = [];
  let failure: unknown;
  const over = new AbortController();
  const loops = (await Promise.all(prepared)).map(async (step) => {
    while (!over.signal.aborted) {
      const start = performance.now();
      await step().catch((error: unknown) => (failure ??= error));
      durations.push(performance.now() - start);
      await sleep(pauseMilliseconds);
    }
  });
  return {
    take() {
      if (failure) throw failure as Error;
      const taken = durations;
      durations = [];
      return taken;
    },
    async stop() {
      over.abort();
      await Promise.all(loops);
      client.close();
    },
  };
}
