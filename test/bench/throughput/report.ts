/** `npm run bench -- throughput`: the figures as a table. */
import type { Report } from '../report.ts';
import { measureThroughput, type ThroughputOptions } from './throughput.ts';

const digits = (value: number, count: number) => value.toFixed(count);

export async function benchThroughput(options: ThroughputOptions): Promise<Report> {
  const rows = await measureThroughput(options);
  const bare = new Map(
    rows.filter(({ target }) => target === 'bare library').map((row) => [row.operation, row.median]),
  );
  const broken = rows.flatMap(({ operation, target, median }) =>
    median.errors > 0 ? [`${target}: ${median.errors} errors in ${operation}`] : [],
  );
  return {
    title: [
      `Milliseconds of CPU for one operation, of the server and of the database; both on one processor, the driver on another.`,
      `16 connections, ${options.rounds} rounds of ${options.seconds} s in turn, medians.`,
    ].join('\n'),
    columns: ['operation', 'target', 'server', 'database', 'to bare', 'per second', 'p50', 'p95', 'p99', 'MB'],
    rows: rows.map(({ operation, target, median }) => {
      const own = bare.get(operation);
      return [
        operation,
        target,
        digits(median.serverCpu, 2),
        digits(median.databaseCpu, 2),
        own && target !== 'bare library' ? digits(own.serverCpu / median.serverCpu, 2) : '',
        digits(median.perSecond, 0),
        ...[median.p50, median.p95, median.p99].map((value) => digits(value, 1)),
        digits(median.megabytes, 0),
      ];
    }),
    broken,
  };
}
