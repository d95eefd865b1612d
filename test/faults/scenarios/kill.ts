/** SIGKILL of the processes in turn; of ten kills, two are of both at once. */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineScenario } from '../scenario.ts';

/** So many kills contain one kill of both processes at once. */
const bothEvery = 10;

export const kill = defineScenario({
  name: 'kill',
  maxSeconds: 900,
  sizes: { full: { kills: 50 }, quick: { kills: 4 } },
  async run({ servers, rotation }, { kills }) {
    const processRecovery: number[] = [];
    for (let done = 0; done < kills;) {
      await sleep(randomInt(200, 1_500));
      const isBoth = done % bothEvery === bothEvery - 2;
      const chosen = isBoth ? servers : [servers[done % 2]!];
      done += chosen.length;
      await Promise.all(chosen.map((server) => server.kill()));
      const begin = performance.now();
      await Promise.all(chosen.map((server) => server.start()));
      processRecovery.push(await rotation.untilReady(begin));
    }
    return { what: `${kills} × kill -9 of a process, which is started again at once`, processRecovery };
  },
});
