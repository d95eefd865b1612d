/** `npm run bench -- apis`: the figures as tables, for the terminal, RESULTS.md and README.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Report } from '../report.ts';
import { provenance, table } from '../results-page.ts';
import { limitingResource } from '../throughput/figures.ts';
import { measureApis, type ApiRow, type ApisOptions } from './apis.ts';
import { wordsOf } from './checks.ts';

const columns = [
  'an API that …',
  'requests per second',
  'statements',
  'server',
  'database',
  'p50',
  'p95',
  'p99',
  'MB',
  'driver',
  'limit',
  'errors',
  'an ended session counts',
];

const cells = (rows: readonly ApiRow[]): (string | number)[][] =>
  rows.map(({ check, median }) => [
    wordsOf[check].check,
    median.perSecond.toFixed(0),
    median.statements === undefined ? 'not available' : median.statements.toFixed(1),
    median.serverCpu.toFixed(3),
    median.databaseCpu.toFixed(3),
    ...[median.p50, median.p95, median.p99].map((value) => value.toFixed(1)),
    median.megabytes.toFixed(0),
    `${(median.driverBusy * 100).toFixed(0)} %`,
    limitingResource(median),
    median.errors,
    wordsOf[check].end,
  ]);

export const section = (rows: readonly ApiRow[], { rounds, seconds }: ApisOptions, where = provenance()): string =>
  [
    where,
    `Medians of ${rounds} rounds of ${seconds} s, the checks in turn, 16 connections. The same API on node:http, one process; only the check differs. One processor for the API, Frontdesk and PostgreSQL, one for the driver. \`server\`: milliseconds of CPU for one request, of the API and, where it introspects, of Frontdesk. The JWT is ES256; the session is a row of the API's own table of 10,000; the introspected token is opaque, and nothing is cached. An end counts for a JWT when it expires.`,
    table(columns, cells(rows)),
  ].join('\n\n');

const introduction =
  'What a check costs an API, on one processor (`npm run bench -- apis`, [all figures](test/bench/RESULTS.md)):';

/** The lines of README.md. */
export function summary(rows: readonly ApiRow[]): string {
  const shown = rows.filter(({ check }) => check !== 'none');
  const lines = shown.map(({ check, median }) => [
    wordsOf[check].check,
    median.perSecond.toLocaleString('en', { maximumSignificantDigits: 2 }),
    median.statements === undefined ? '–' : median.statements.toFixed(0),
    `${median.p99.toFixed(0)} ms`,
    wordsOf[check].end,
  ]);
  const heading = ['An API that …', 'Requests/s', 'Statements', 'p99', 'An ended session counts'];
  return `${introduction}\n\n${table(heading, lines)}`;
}

/** README.md with its table replaced, or inserted before the list of what sessions and tokens are. */
export function withSummary(readme: string, text: string): string {
  const start = readme.indexOf(introduction);
  if (start >= 0) {
    const [old] = /^.*\n\n(?:\|.*(?:\n|$))+/.exec(readme.slice(start))!;
    return readme.replace(old, () => `${text}\n`);
  }
  const place = '\n- **Sign-in** is';
  if (!readme.includes(place)) throw new Error('README.md has no place for the table');
  return readme.replace(place, () => `\n${text}\n${place}`);
}

export async function benchApis(options: ApisOptions): Promise<Report> {
  const rows = await measureApis(options);
  return {
    title: [
      'What it costs an API to know who calls it. Milliseconds of CPU for one request; all servers on one processor.',
      `16 connections, ${options.rounds} rounds of ${options.seconds} s in turn, medians.`,
    ].join('\n'),
    columns,
    rows: cells(rows),
    broken: rows.flatMap(({ check, median }) => (median.errors > 0 ? [`${check}: ${median.errors} errors`] : [])),
    publication: {
      heading: 'APIs',
      text: section(rows, options),
      writeOtherFiles: () => writeFileSync('README.md', withSummary(readFileSync('README.md', 'utf8'), summary(rows))),
    },
  };
}
