/** The figures of a comparison as cells, for the terminal and RESULTS.md. */
import { cpuOfBoth, limitingResource } from './figures.ts';
import { hashingOperation, type Throughput } from './throughput.ts';

const digits = (value: number, count: number): string => value.toFixed(count);
const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;

/** Server CPU of the bare library for the operation, against which all others are held; the hash alone for a password. */
function bareCpu({ rows, rates }: Throughput, operation: string): number | undefined {
  if (operation === hashingOperation) return rates[0]?.cpu;
  return rows.find((row) => row.operation === operation && row.target === 'bare library')?.median.serverCpu;
}

export const columns = [
  'operation',
  'target',
  'per second',
  'server',
  'database',
  'to bare',
  'to ours',
  'driver',
  'p50',
  'p95',
  'p99',
  'MB',
  'statements',
  'limit',
  'errors',
];

/** A row for each operation and target. CPU and times are in milliseconds. */
export function cells(throughput: Throughput): (string | number)[][] {
  const { rows } = throughput;
  return rows.map(({ operation, target, median }) => {
    const bare = bareCpu(throughput, operation);
    const ours = rows.find((row) => row.operation === operation && row.target === 'Frontdesk')?.median;
    return [
      operation,
      target,
      digits(median.perSecond, 0),
      digits(median.serverCpu, 2),
      digits(median.databaseCpu, 2),
      bare === undefined || target === 'bare library' ? '' : digits(bare / median.serverCpu, 2),
      ours === undefined || target === 'Frontdesk' ? '' : `${digits(cpuOfBoth(median) / cpuOfBoth(ours), 1)} ×`,
      percent(median.driverBusy),
      ...[median.p50, median.p95, median.p99].map((value) => digits(value, 1)),
      digits(median.megabytes, 0),
      median.statements === undefined ? 'not available' : digits(median.statements, 1),
      limitingResource(median),
      median.errors,
    ];
  });
}
