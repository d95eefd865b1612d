/** One process gets SIGTERM while requests run, and the other goes on: no request fails. */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineScenario } from '../scenario.ts';

export const drain = defineScenario({
  name: 'drain',
  maxSeconds: 600,
  sizes: { full: { drains: 20 }, quick: { drains: 3 } },
  async run({ servers, rotation, traffic }, { drains }) {
    const processRecovery: number[] = [];
    const failures: string[] = [];
    const failed = () => traffic.brokenConnections + traffic.unavailable + traffic.serverErrors.length;
    let failedInDrain = 0;
    for (let done = 0; done < drains; done += 1) {
      const server = servers[done % 2]!;
      await sleep(randomInt(500, 1_500));
      const failedBefore = failed();
      const code = await server.stop();
      failedInDrain += failed() - failedBefore;
      if (code !== 0) failures.push(`a process ended with exit code ${code}`);
      const begin = performance.now();
      await server.start();
      processRecovery.push(await rotation.untilReady(begin));
    }
    return {
      what: `${drains} × SIGTERM of a process while requests run`,
      processRecovery,
      failedInDrain,
      failures,
    };
  },
});
