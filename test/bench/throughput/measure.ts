/** Measures one operation at one target: a closed loop over a number of connections. */
import { percentile } from '../report.ts';
import { cpuOf, residentMegabytes } from '../../support/process-usage.ts';
import { createHttpClient } from './http-client.ts';
import type { Operation } from './operations.ts';
import type { Target } from './target.ts';

export interface Measurement {
  operations: number;
  errors: number;
  perSecond: number;
  /** Milliseconds of CPU for one operation. */
  serverCpu: number;
  databaseCpu: number;
  /** Milliseconds until the response. */
  p50: number;
  p95: number;
  p99: number;
  /** Resident memory of the provider afterwards. */
  megabytes: number;
}

const connections = 16;

const cpuOfTarget = ({ pid, databasePid }: Target) => ({
  server: cpuOf(pid),
  database: databasePid === undefined ? 0 : cpuOf(databasePid),
});

/** @param seconds how long is measured, after a third of it to warm up */
export async function measure(target: Target, operation: Operation, seconds: number): Promise<Measurement> {
  const client = createHttpClient(new URL(target.issuer).host, target.port, connections);
  const steps = await Promise.all(Array.from({ length: connections }, () => operation.prepare(target, client)));
  const durations: number[] = [];
  let errors = 0;
  let firstError: unknown;
  const run = (until: number, record: boolean) =>
    Promise.all(
      steps.map(async (step) => {
        while (performance.now() < until) {
          const start = performance.now();
          try {
            await step();
            if (record) durations.push(performance.now() - start);
          } catch (error) {
            errors += 1;
            firstError ??= error;
          }
        }
      }),
    );
  await run(performance.now() + (seconds * 1000) / 3, false);
  const before = cpuOfTarget(target);
  const start = performance.now();
  await run(start + seconds * 1000, true);
  const elapsed = (performance.now() - start) / 1000;
  const after = cpuOfTarget(target);
  client.close();
  if (durations.length === 0) throw firstError instanceof Error ? firstError : new Error('nothing was done');
  const count = durations.length;
  return {
    operations: count,
    errors,
    perSecond: count / elapsed,
    serverCpu: (after.server - before.server) / count,
    databaseCpu: (after.database - before.database) / count,
    p50: percentile(durations, 0.5),
    p95: percentile(durations, 0.95),
    p99: percentile(durations, 0.99),
    megabytes: residentMegabytes(target.pid),
  };
}
