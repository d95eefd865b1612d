/** Kills servers with SIGKILL at random, and starts them again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerProcess } from '../../support/server-process.ts';

export interface Chaos {
  kills: number;
  /** Stops killing, and waits until all servers run. */
  end(): Promise<void>;
}

/** @param pause minimum and maximum time between two kills, in seconds */
export function startChaos(servers: ServerProcess[], pause: [number, number]): Chaos {
  const stopped = new AbortController();
  const chaos: Chaos = {
    kills: 0,
    async end() {
      stopped.abort();
      await running;
    },
  };
  const between = ([min, max]: [number, number]) => (min + Math.random() * (max - min)) * 1000;

  const starting = new Map<ServerProcess, Promise<void>>();

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      await sleep(between(pause), undefined, { signal: stopped.signal }).catch(() => {});
      if (stopped.signal.aborted) break;
      // A server may take longer to start than the pause; the others are killed meanwhile.
      const up = servers.filter((server) => !starting.has(server));
      const server = up[Math.floor(Math.random() * up.length)];
      if (!server) continue;
      await server.kill();
      chaos.kills += 1;
      starting.set(
        server,
        server.start().finally(() => starting.delete(server)),
      );
    }
    await Promise.all(starting.values());
  }
  const running = run();
  return chaos;
}
