/** The clock of one process is two minutes ahead, then two minutes behind. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { defineScenario } from '../scenario.ts';

const shifts = [120, -120];
const preload = pathToFileURL(join(import.meta.dirname, '../../support/shifted-clock.ts')).href;

export const clocks = defineScenario({
  name: 'clocks',
  maxSeconds: 300,
  sizes: { full: { seconds: 60 }, quick: { seconds: 8 } },
  async run({ servers, rotation }, { seconds }) {
    const shifted = servers[1]!;
    for (const shift of shifts) {
      await shifted.stop();
      await shifted.start({ NODE_OPTIONS: `--no-warnings --import ${preload}`, CLOCK_SHIFT: String(shift) });
      await rotation.untilReady(performance.now());
      await sleep(seconds * 1000);
    }
    return { what: `the clock of one process ${shifts.join(', then ')} s off, ${seconds} s each` };
  },
});
