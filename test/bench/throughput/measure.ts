/** Measures one operation at one target: a closed loop over a number of connections. */
import { childrenOf, cpuOf, residentMegabytes } from '../../support/process-usage.ts';
import { percentile } from '../report.ts';
import type { BenchDatabase, StatementCount } from './database.ts';
import { createHttpClient } from './http-client.ts';
import type { Operation, Step } from './operations.ts';
import type { Target } from './target.ts';

export interface Measurement {
  operations: number;
  errors: number;
  perSecond: number;
  /** Milliseconds of CPU for one operation. */
  serverCpu: number;
  databaseCpu: number;
  driverCpu: number;
  /** Busy share of the processor of server and database, and of the driver's. */
  providerBusy: number;
  driverBusy: number;
  /** Milliseconds until the response; until the last, for an operation of several requests. */
  p50: number;
  p95: number;
  p99: number;
  /** Resident memory of the provider afterwards. */
  megabytes: number;
  /** Statements for one operation; undefined where nobody counts. */
  statements: number | undefined;
}

export interface Measured extends Measurement {
  /** Those that took most of the database's time, for one operation. */
  topStatements: StatementCount[];
}

export const connections = 16;
const topCount = 3;

interface Cpu {
  server: number;
  database: number;
  driver: number;
}

function cpuNow({ pid, helperPid, databasePid }: Target): Cpu {
  const { user, system } = process.cpuUsage();
  return {
    server: cpuOf(pid) + (helperPid === undefined ? 0 : cpuOf(helperPid)),
    database: databasePid === undefined ? 0 : cpuOf(databasePid),
    driver: (user + system) / 1000,
  };
}

const memoryOf = (pid: number): number =>
  [pid, ...childrenOf(pid)].reduce((sum, each) => sum + residentMegabytes(each), 0);

interface Driven {
  durations: number[];
  errors: number;
  firstError: unknown;
}

/** Runs the steps over and over, each as soon as it is done. */
async function drive(steps: Step[], seconds: number): Promise<Driven> {
  const driven: Driven = { durations: [], errors: 0, firstError: undefined };
  const until = performance.now() + seconds * 1000;
  const loop = async (step: Step) => {
    while (performance.now() < until) {
      const start = performance.now();
      try {
        await step();
        driven.durations.push(performance.now() - start);
      } catch (error) {
        driven.errors += 1;
        driven.firstError ??= error;
      }
    }
  };
  await Promise.all(steps.map(loop));
  return driven;
}

const openSteps = async (target: Target, operation: Operation) => {
  const client = createHttpClient(new URL(target.issuer).host, target.port, connections);
  const steps = await Promise.all(Array.from({ length: connections }, () => operation.prepare(target, client)));
  return { steps, close: () => client.close() };
};

/** Runs an operation until its rate no longer grows: three times in a row by less than 3 %. */
export async function warmUp(target: Target, operation: Operation, seconds: number): Promise<void> {
  const { steps, close } = await openSteps(target, operation);
  let best = 0;
  for (let steady = 0, count = 0; steady < 3 && count < 30; count += 1) {
    const { durations } = await drive(steps, seconds);
    const hasGrown = durations.length > best * 1.03;
    steady = hasGrown ? 0 : steady + 1;
    best = Math.max(best, durations.length);
  }
  close();
}

/**
 * @param seconds how long is measured, after a third of it to warm up
 * @param database whose statements are counted
 * @throws Error when nothing succeeded
 */
export async function measure(
  target: Target,
  operation: Operation,
  seconds: number,
  database?: BenchDatabase,
): Promise<Measured> {
  const { steps, close } = await openSteps(target, operation);
  const warming = await drive(steps, seconds / 3);
  await database?.resetStatements();
  const before = cpuNow(target);
  const start = performance.now();
  const { durations, errors, firstError } = await drive(steps, seconds);
  const elapsed = performance.now() - start;
  const after = cpuNow(target);
  const counts = target.databaseName === undefined ? undefined : await database?.statementsOf(target.databaseName);
  close();
  const count = durations.length;
  if (count === 0) throw firstError instanceof Error ? firstError : new Error('nothing was done');
  const used = (name: keyof Cpu) => after[name] - before[name];
  const isWithoutDatabase = target.databaseName === undefined;
  return {
    operations: count,
    errors: errors + warming.errors,
    perSecond: (count / elapsed) * 1000,
    serverCpu: used('server') / count,
    databaseCpu: used('database') / count,
    driverCpu: used('driver') / count,
    providerBusy: (used('server') + used('database')) / elapsed,
    driverBusy: used('driver') / elapsed,
    p50: percentile(durations, 0.5),
    p95: percentile(durations, 0.95),
    p99: percentile(durations, 0.99),
    megabytes: memoryOf(target.pid),
    statements: isWithoutDatabase ? 0 : counts && counts.reduce((sum, { calls }) => sum + calls, 0) / count,
    topStatements: (counts ?? []).slice(0, topCount).map(({ text, calls, milliseconds }) => ({
      text,
      calls: calls / count,
      milliseconds: milliseconds / count,
    })),
  };
}
