/** The network to the database is slow: each answer comes 50, then 500, then 5,000 ms later. */
import { setTimeout as sleep } from 'node:timers/promises';
import { defineScenario } from '../scenario.ts';

const delays = [50, 500, 5_000];

export const slow = defineScenario({
  name: 'slow',
  options: { hasProxies: true },
  maxSeconds: 300,
  sizes: { full: { seconds: 30 }, quick: { seconds: 7 } },
  async run({ proxies, rotation }, { seconds }) {
    const databaseRecovery: number[] = [];
    for (const milliseconds of delays) {
      // Half on the way there, half on the way back.
      for (const proxy of proxies) proxy.delay(milliseconds / 2);
      await sleep(seconds * 1000);
      for (const proxy of proxies) proxy.delay(0);
      databaseRecovery.push(await rotation.untilReady(performance.now()));
      await sleep(1_000);
    }
    return { what: `each answer of the database ${delays.join(', ')} ms later, ${seconds} s each`, databaseRecovery };
  },
});
