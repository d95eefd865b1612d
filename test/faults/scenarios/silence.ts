/** The network drops everything without a word: for a while, and the connections of that time for good. */
import { setTimeout as sleep } from 'node:timers/promises';
import { defineScenario } from '../scenario.ts';

export const silence = defineScenario({
  name: 'silence',
  options: { hasProxies: true },
  maxSeconds: 300,
  maxDatabaseBack: 5_000,
  sizes: { full: { forSeconds: [5, 15, 30, 60] }, quick: { forSeconds: [12] } },
  async run({ proxies, rotation }, { forSeconds }) {
    const databaseBack: number[] = [];
    for (const seconds of forSeconds) {
      for (const proxy of proxies) proxy.freeze();
      await sleep(seconds * 1000);
      for (const proxy of proxies) {
        proxy.forget();
        proxy.thaw();
      }
      databaseBack.push(await rotation.untilReady(performance.now()));
      await sleep(2_000);
    }
    // New connections work at once, and the old ones stay silent.
    for (const proxy of proxies) proxy.forget();
    databaseBack.push(await rotation.untilReady(performance.now()));
    await sleep(10_000);
    return {
      what: `the network to the database silent for ${forSeconds.join(', ')} s, its connections lost; and these alone`,
      databaseBack,
    };
  },
});
