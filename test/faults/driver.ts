/** People, programs and an operator, all at once, until they are stopped. */
import { setTimeout as sleep } from 'node:timers/promises';
import { comeAndGo } from './people.ts';
import type { World } from './population.ts';
import { createAndEnd, registerAndChange } from './programs.ts';

export interface Driver {
  /** Lets everybody finish what they do, and wait until they go on. */
  pause(): Promise<void>;
  resume(): void;
  /** Lets everybody finish what they do. */
  stop(): Promise<void>;
}

/** Milliseconds between the end of one round and the next. */
const pauses = { people: 150, programs: 300, operator: 1_000 };

export function startDriver(world: World): Driver {
  const stopped = new AbortController();
  let isPaused = false;
  const inRound = new Set<Promise<void>>();

  async function repeat(round: () => Promise<void>, pause: number): Promise<void> {
    while (!stopped.signal.aborted) {
      if (!isPaused) {
        const under = round();
        inRound.add(under);
        await under;
        inRound.delete(under);
      }
      await sleep(pause);
    }
  }
  const loops = [
    ...world.people.map((person) => repeat(() => comeAndGo(world, person), pauses.people)),
    repeat(() => registerAndChange(world), pauses.programs),
    repeat(() => createAndEnd(world), pauses.operator),
  ];
  return {
    async pause() {
      isPaused = true;
      await Promise.all(inRound);
    },
    resume: () => void (isPaused = false),
    async stop() {
      stopped.abort();
      await Promise.all(loops);
    },
  };
}
