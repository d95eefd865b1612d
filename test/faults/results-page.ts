/** The result of a run: lines for the terminal, and RESULTS.md. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type as system } from 'node:os';
import { join } from 'node:path';
import { seconds, type Result } from './judge.ts';

export interface Skipped {
  name: string;
  reason: string;
}

const number = (value: number): string => value.toLocaleString('en');
const longest = (times: readonly number[] | undefined): string =>
  times === undefined || times.length === 0 ? '–' : seconds(Math.max(...times));

/** Heading → the cell of a result. */
const columns: readonly [string, (result: Result) => string][] = [
  ['scenario', ({ name }) => name],
  ['what was done', ({ what }) => what],
  ['requests', ({ requests }) => number(requests)],
  ['acknowledged', ({ acknowledged }) => number(acknowledged)],
  ['lost', ({ lost }) => number(lost.length)],
  ['codes used twice', ({ codesUsedTwice }) => number(codesUsedTwice)],
  ['families branched', ({ branched }) => number(branched)],
  ['done by half', ({ halfDone }) => number(halfDone.length)],
  ['5xx other than 503', ({ serverErrors }) => number(serverErrors.length)],
  ['503', ({ unavailable }) => number(unavailable)],
  ['connections broken', ({ brokenConnections }) => number(brokenConnections)],
  ['failed in drain', ({ failedInDrain }) => (failedInDrain === undefined ? '–' : number(failedInDrain))],
  ['process recovery', ({ processRecovery }) => longest(processRecovery)],
  ['database recovery', ({ databaseRecovery }) => longest(databaseRecovery)],
  ['slowest response', ({ slowest }) => seconds(slowest)],
  ['goodput', ({ goodput }) => (goodput ? `${(Math.min(...goodput) * 100).toFixed(0)} %` : '–')],
  ['all hold', ({ failures }) => (failures.length === 0 ? 'yes' : 'NO')],
];

export const headingOf = (name: string): string => `${name} …`;

/** At most this many lines of each kind of failure. */
const maxLines = 5;

const detailsOf = ({ lost, halfDone, serverErrors, unexpected }: Result): string[] =>
  Object.entries({ lost, 'done by half': halfDone, '5xx': serverErrors, unexpected }).flatMap(([what, lines]) =>
    lines.slice(0, maxLines).map((line) => `${what}: ${line}`),
  );

/** A result as lines for the terminal. */
export function linesOf(result: Result): string {
  const cells = columns
    .filter(([heading]) => heading !== 'scenario')
    .map(([heading, cell]) => `${heading} ${cell(result)}`);
  return [
    `  ${cells.join('; ')}`,
    ...(result.notes ?? []).map((note) => `  ${note}`),
    ...result.failures.map((failure) => `  DOES NOT HOLD: ${failure}`),
    ...detailsOf(result).map((line) => `    ${line}`),
  ].join('\n');
}

const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
const list = (lines: readonly string[]): string => lines.map((line) => `- ${line}`).join('\n');

function commit(): string {
  const git = (...args: string[]) => spawnSync('git', args).stdout?.toString().trim() ?? '';
  return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain') === '' ? '' : ' with changes'}`;
}

/** The load before the run shows whether the machine was busy with something else. */
const loadBefore = loadavg()[1]!;

const machine = (): string =>
  `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GB, ${system()} ${release()}, Node ${process.versions.node}; load average before the run ${loadBefore.toFixed(1)}`;

export function renderResults(
  results: readonly Result[],
  skipped: readonly Skipped[],
  { isQuick, date, ...where }: { isQuick: boolean; date: string; commit: string; machine: string },
): string {
  const failures = results.flatMap(({ name, failures: lines }) => lines.map((failure) => `${name}: ${failure}`));
  const notes = results.flatMap(({ name, notes: lines = [] }) => lines.map((note) => `${name}: ${note}`));
  return `${[
    '# Results of `npm run faults`',
    'Written by the tool, never by hand. What the columns mean, and which figures must hold, is in [README.md](../README.md#faults).',
    `${isQuick ? 'With `--quick`' : 'In full'}, ${date}, commit ${where.commit}, on ${where.machine}.`,
    [
      row(columns.map(([heading]) => heading)),
      row(columns.map(() => '---')),
      ...results.map((result) => row(columns.map(([, cell]) => cell(result)))),
    ].join('\n'),
    '## What does not hold',
    failures.length === 0 ? 'Everything holds.' : list(failures),
    '## Further figures',
    notes.length === 0 ? 'None.' : list(notes),
    ...(skipped.length === 0
      ? []
      : ['## What was skipped', list(skipped.map(({ name, reason }) => `${name}: ${reason}`))]),
  ].join('\n\n')}\n`;
}

/** Writes RESULTS.md. @returns its path */
export function writeResults(results: readonly Result[], skipped: readonly Skipped[], isQuick: boolean): string {
  const path = join(import.meta.dirname, 'RESULTS.md');
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(path, renderResults(results, skipped, { isQuick, date, commit: commit(), machine: machine() }));
  return path;
}
