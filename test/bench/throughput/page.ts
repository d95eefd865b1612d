/** The section of RESULTS.md about throughput. */
import { provenance, table } from '../results-page.ts';
import { cells, columns } from './rows.ts';
import type { Throughput, ThroughputOptions } from './throughput.ts';

const maxStatementLength = 110;

/** A statement on one line. */
const shorten = (text: string): string => {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > maxStatementLength ? `${line.slice(0, maxStatementLength)}…` : line;
};

const list = (lines: readonly string[]): string => lines.map((line) => `- ${line}`).join('\n');

function rates({ rates: all }: Throughput): string[] {
  if (all.length === 0) return [];
  const rows = all.map(({ what, cpu }) => [what, (1000 / cpu).toFixed(0), cpu.toFixed(3)]);
  return ['### Hashes and signatures alone', table(['what', 'per CPU second', 'ms'], rows)];
}

function topStatements({ rows }: Throughput): string[] {
  const found = rows.flatMap(({ operation, target, median: { topStatements: top } }) =>
    top.map(({ text, calls, milliseconds }) => [
      operation,
      target,
      calls.toFixed(1),
      milliseconds.toFixed(3),
      `\`${shorten(text)}\``,
    ]),
  );
  const counted = rows.some(({ median }) => median.topStatements.length > 0);
  return [
    '### Top statements',
    counted
      ? table(['operation', 'target', 'calls', 'ms', 'statement'], found)
      : 'Not available: this PostgreSQL lacks pg_stat_statements.',
  ];
}

export const heading = 'Throughput';

export function section(throughput: Throughput, { rounds, seconds }: ThroughputOptions, where = provenance()): string {
  const { products, missing, failures } = throughput;
  return [
    where,
    `Medians of ${rounds} rounds of ${seconds} s, targets in turn, 16 connections. One processor for a provider and its PostgreSQL, which is the same for all, and one for the driver. \`server\`, \`database\`: milliseconds of CPU for one operation. \`to bare\`: server CPU of the bare library (for a password, of the hash alone) by that of the target. \`to ours\`: CPU of server and database together, in multiples of Frontdesk's. \`driver\`: how busy its processor is. \`limit\`: what is busy to 90 % (\`processor\`: that of server and database), or \`waiting\`, when nothing is.`,
    table(columns, cells(throughput)),
    ...rates(throughput),
    '### Products',
    table(
      ['target', 'start in ms', 'what it is'],
      products.map(({ name, startMilliseconds, about = '' }) => [name, startMilliseconds?.toFixed(0) ?? '', about]),
    ),
    ...(missing.length > 0 ? [list(missing.map(({ name, why }) => `${name} is left out: ${why}`))] : []),
    ...(failures.length > 0 ? ['### What could not be measured', list(failures)] : []),
    ...topStatements(throughput),
  ].join('\n\n');
}
