/** Acts as people, self-registered apps and an operator at the same time, until it is stopped. */
import { setTimeout as sleep } from 'node:timers/promises';
import { useApps } from './people.ts';
import type { World } from './population.ts';
import { changeAccounts, registerAndChangeClient } from './programs.ts';

export interface Driver {
  /** Starts no further rounds, and waits for the rounds in progress. */
  pause(): Promise<void>;
  resume(): void;
  /** Stops for good, after the rounds in progress. */
  stop(): Promise<void>;
}

/** Milliseconds from the end of a round to the start of the next. */
const pauses = { people: 150, selfRegisteredApps: 300, operator: 1_000 };

export function startDriver(world: World): Driver {
  const stopped = new AbortController();
  let isPaused = false;
  const running = new Set<Promise<void>>();

  async function repeat(round: () => Promise<void>, pause: number): Promise<void> {
    while (!stopped.signal.aborted) {
      if (!isPaused) {
        const current = round();
        running.add(current);
        await current;
        running.delete(current);
      }
      await sleep(pause);
    }
  }
  const loops = [
    ...world.people.map((person) => repeat(() => useApps(world, person), pauses.people)),
    repeat(() => registerAndChangeClient(world), pauses.selfRegisteredApps),
    repeat(() => changeAccounts(world), pauses.operator),
  ];
  return {
    async pause() {
      isPaused = true;
      await Promise.all(running);
    },
    resume: () => void (isPaused = false),
    async stop() {
      stopped.abort();
      await Promise.all(loops);
    },
  };
}
