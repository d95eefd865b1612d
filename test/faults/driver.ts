/** People, programs and an operator, all at once, until they are stopped. */
import { setTimeout as sleep } from 'node:timers/promises';
import { comeAndGo } from './people.ts';
import type { World } from './population.ts';
import { createAndEnd, registerAndChange } from './programs.ts';

export interface Driver {
  /** Lets everybody finish what they do. */
  stop(): Promise<void>;
}

/** Milliseconds between the end of one round and the next. */
const pauses = { people: 150, programs: 300, operator: 1_000 };

export function startDriver(world: World): Driver {
  const stopped = new AbortController();
  async function repeat(round: () => Promise<void>, pause: number): Promise<void> {
    while (!stopped.signal.aborted) {
      await round();
      await sleep(pause, undefined, { signal: stopped.signal }).catch(() => {});
    }
  }
  const loops = [
    ...world.people.map((person) => repeat(() => comeAndGo(world, person), pauses.people)),
    repeat(() => registerAndChange(world), pauses.programs),
    repeat(() => createAndEnd(world), pauses.operator),
  ];
  return {
    async stop() {
      stopped.abort();
      await Promise.all(loops);
    },
  };
}
