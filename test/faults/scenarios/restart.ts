/** The database is restarted: after a fast shutdown, an immediate one, and SIGKILL of all of its processes. */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineScenario } from '../scenario.ts';

const shutdowns = ['fast', 'immediate', 'crash'] as const;

export const restart = defineScenario({
  name: 'restart',
  maxSeconds: 600,
  sizes: { full: { restarts: 20 }, quick: { restarts: 3 } },
  async run({ postgres, rotation }, { restarts }) {
    const databaseRecovery: number[] = [];
    for (let done = 0; done < restarts; done += 1) {
      await sleep(randomInt(500, 2_000));
      await postgres.stop(shutdowns[done % shutdowns.length]!);
      await sleep(randomInt(0, 3_000));
      await postgres.start();
      databaseRecovery.push(await rotation.untilReady(performance.now()));
    }
    return { what: `${restarts} × the database restarted (fast, immediate, SIGKILL)`, databaseRecovery };
  },
});
