/** The network to the database drops all packets for a while. Connections that were open then stay silent for good. */
import { setTimeout as sleep } from 'node:timers/promises';
import { seconds } from '../judge.ts';
import { defineScenario } from '../scenario.ts';

const watchMilliseconds = 12_000;

export const silence = defineScenario({
  name: 'silence',
  options: { hasProxies: true },
  maxSeconds: 300,
  maxDatabaseRecovery: 5_000,
  sizes: { full: { forSeconds: [5, 15, 30, 60] }, quick: { forSeconds: [12] } },
  async run({ proxies, rotation }, { forSeconds }) {
    const databaseRecovery: number[] = [];
    // A process seems ready until it uses a connection that is silent.
    const watch = async () => {
      const begin = performance.now();
      await sleep(watchMilliseconds);
      await rotation.untilReady(begin);
      databaseRecovery.push(rotation.lastNotReady(begin));
    };
    for (const duration of forSeconds) {
      for (const proxy of proxies) proxy.freeze();
      await sleep(duration * 1000);
      for (const proxy of proxies) {
        proxy.silenceConnections();
        proxy.thaw();
      }
      await watch();
    }
    // Now without an outage: new connections work at once, and the old ones stay silent.
    for (const proxy of proxies) proxy.silenceConnections();
    await watch();
    return {
      what: `the network to the database silent for ${forSeconds.join(', ')} s, its open connections for good; then only these`,
      databaseRecovery,
      notes: [`not ready for ${databaseRecovery.map(seconds).join(', ')} afterwards`],
    };
  },
});
