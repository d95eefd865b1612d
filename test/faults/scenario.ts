/** What a scenario is, and what is measured of it. */
import type { PostgresServer } from '../support/postgres-server.ts';
import type { Driver } from './driver.ts';
import type { Stage, StageOptions } from './stage.ts';

/** The deployment, and who is at work on it. */
export interface Scene extends Stage {
  driver: Driver;
}

/** What a scenario measures itself; the rest is measured of all. Times are in milliseconds. */
export interface Measured {
  /** What was done, in words. */
  what: string;
  /** From the start of each process until the balancer's checks found it ready. */
  processBack?: number[];
  /** From when the database could be used again until the balancer's checks found both processes ready. */
  databaseBack?: number[];
  /** Requests that were not done although one process was there for them all the time. */
  failedInDrain?: number;
  /** Shares of the capacity that were done under overload. */
  goodput?: number[];
  /** Figures of this scenario alone that do not hold. */
  broken?: string[];
  /** Further figures, in words. */
  notes?: string[];
}

/** Sizes: of the full run, and of the one that `--quick` asks for. */
export interface Sizes<S> {
  full: S;
  quick: S;
}

export interface Scenario {
  name: string;
  options?: StageOptions;
  /** Longest time that the full size may take, in seconds. */
  maxSeconds: number;
  /** Milliseconds that `databaseBack` may be at most, instead of 2,000. */
  maxDatabaseBack?: number;
  /** Starts a PostgreSQL for this scenario alone. */
  startPostgres?(): Promise<PostgresServer>;
  /** @returns why it cannot run on this machine; undefined when it can */
  whyNot?(): string | undefined;
  run(scene: Scene, isQuick: boolean): Promise<Measured>;
}

/** A scenario with a size for the full run and a smaller one. */
export function defineScenario<S>(
  scenario: Omit<Scenario, 'run'> & { sizes: Sizes<S>; run(scene: Scene, size: S): Promise<Measured> },
): Scenario {
  const { sizes } = scenario;
  return { ...scenario, run: (scene, isQuick) => scenario.run(scene, isQuick ? sizes.quick : sizes.full) };
}
