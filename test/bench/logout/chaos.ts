/** Kills servers with -9 at random, and starts them again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerProcess } from '../server-process.ts';

export interface Chaos {
  kills: number;
  /** Stops killing; all servers are up then. */
  end(): Promise<void>;
}

/** @param pause shortest and longest time between two kills, in seconds */
export function startChaos(servers: ServerProcess[], pause: [number, number]): Chaos {
  const over = new AbortController();
  const chaos: Chaos = {
    kills: 0,
    async end() {
      over.abort();
      await running;
    },
  };
  const between = ([fewest, most]: [number, number]) => (fewest + Math.random() * (most - fewest)) * 1000;

  async function run(): Promise<void> {
    while (!over.signal.aborted) {
      await sleep(between(pause), undefined, { signal: over.signal }).catch(() => {});
      if (over.signal.aborted) return;
      const server = servers[Math.floor(Math.random() * servers.length)]!;
      await server.kill();
      chaos.kills += 1;
      await server.start();
    }
  }
  const running = run();
  return chaos;
}
