/** The interface of a scenario, and its measurements. */
import type { PostgresServer } from '../support/postgres-server.ts';
import type { Driver } from './driver.ts';
import type { Deployment, DeploymentOptions } from './deployment.ts';

/** The deployment, and the driver that sends requests to it. */
export interface ScenarioContext extends Deployment {
  driver: Driver;
}

/** What a scenario measures itself, beside what is measured in all. Times are in milliseconds. */
export interface Measured {
  /** What was done: a cell of the table. */
  what: string;
  /** From the start of each process until the checks of the load balancer found it ready. */
  processRecovery?: number[];
  /** From when the database could be used again until the checks of the load balancer found both processes ready. */
  databaseRecovery?: number[];
  /** Requests that failed although one process was ready all the time. */
  failedInDrain?: number;
  /** Shares of the capacity that were achieved under overload: 0.8 for 80 %. */
  goodput?: number[];
  /** A line for each figure of this scenario alone that does not hold. */
  failures?: string[];
  /** Lines with further figures. */
  notes?: string[];
}

/** Parameters of the full run, and of the run with `--quick`. */
export interface Sizes<S> {
  full: S;
  quick: S;
}

export interface Scenario {
  name: string;
  options?: DeploymentOptions;
  /** Maximum duration of the full run, in seconds. */
  maxSeconds: number;
  /** Milliseconds that `databaseRecovery` may be at most, instead of 2,000. */
  maxDatabaseRecovery?: number;
  /** Starts a PostgreSQL for this scenario alone. */
  startPostgres?(): Promise<PostgresServer>;
  /** @returns what the machine lacks for it; undefined when it can run */
  missing?(): string | undefined;
  run(context: ScenarioContext, isQuick: boolean): Promise<Measured>;
}

/** Makes a scenario that runs with the parameters of the full or of the quick run. */
export function defineScenario<S>(
  scenario: Omit<Scenario, 'run'> & { sizes: Sizes<S>; run(context: ScenarioContext, size: S): Promise<Measured> },
): Scenario {
  const { sizes } = scenario;
  return { ...scenario, run: (context, isQuick) => scenario.run(context, isQuick ? sizes.quick : sizes.full) };
}
