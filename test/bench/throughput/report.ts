/** `npm run bench -- throughput`: the figures as a table. */
import type { Report } from '../report.ts';
import { heading, section } from './page.ts';
import { cells, columns } from './rows.ts';
import { measureThroughput, type ThroughputOptions } from './throughput.ts';

export async function benchThroughput(options: ThroughputOptions): Promise<Report> {
  const throughput = await measureThroughput(options);
  const withErrors = throughput.rows.filter(({ median }) => median.errors > 0);
  const broken = [
    ...throughput.failures,
    ...withErrors.map(({ operation, target, median }) => `${target}: ${operation}: ${median.errors} errors`),
  ];
  const rates = throughput.rates.map(({ what, cpu }) => `${what}: ${cpu.toFixed(3)} ms`).join('; ');
  const missing = throughput.missing.map(({ name, why }) => `${name} is left out: ${why}`);
  return {
    title: [
      'Milliseconds of CPU for one operation, of the server and of the database; both on one processor, the driver on another.',
      `16 connections, ${options.rounds} rounds of ${options.seconds} s in turn, medians.`,
      ...(rates === '' ? [] : [`Alone: ${rates}.`]),
      ...missing,
    ].join('\n'),
    columns,
    rows: cells(throughput),
    broken,
    publication: { heading, text: section(throughput, options) },
  };
}
