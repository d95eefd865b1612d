/** All processes of the database are stopped (SIGSTOP) for a while: connections stay open, without responses. */
import { setTimeout as sleep } from 'node:timers/promises';
import { defineScenario } from '../scenario.ts';

export const frozen = defineScenario({
  name: 'frozen',
  maxSeconds: 300,
  sizes: { full: { forSeconds: [2, 8, 15, 25, 40] }, quick: { forSeconds: [2, 12] } },
  async run({ postgres, rotation }, { forSeconds }) {
    const databaseRecovery: number[] = [];
    for (const seconds of forSeconds) {
      postgres.freeze();
      await sleep(seconds * 1000);
      postgres.thaw();
      databaseRecovery.push(await rotation.untilReady(performance.now()));
      await sleep(2_000);
    }
    return { what: `the database frozen (SIGSTOP) for ${forSeconds.join(', ')} s`, databaseRecovery };
  },
});
