/** The result of a run: lines for the terminal, and RESULTS.md. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type as system } from 'node:os';
import { join } from 'node:path';
import { seconds, type Result } from './judge.ts';

/** What is known of a scenario: its last result, or why it was skipped. */
export interface Published {
  name: string;
  /** `2026-11-25`. */
  date: string;
  commit: string;
  machine: string;
  isQuick: boolean;
  result?: Result;
  skipped?: string;
}

/** What a run found out about a scenario. */
export type Outcome = Pick<Published, 'name' | 'result' | 'skipped'>;

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

const unique = (texts: readonly string[]): string => [...new Set(texts)].join('; ');

/** @param published the rows, in the order of the page */
export function renderResults(published: readonly Published[]): string {
  const run = published.flatMap(({ result, ...meta }) => (result ? [{ result, ...meta }] : []));
  const failures = run.flatMap(({ name, result }) => result.failures.map((failure) => `${name}: ${failure}`));
  const notes = run.flatMap(({ name, result }) => (result.notes ?? []).map((note) => `${name}: ${note}`));
  const skipped = published.flatMap(({ name, skipped: reason }) =>
    reason === undefined ? [] : [`${name}: ${reason}`],
  );
  return `${[
    '# Results of `npm run faults`',
    'Written by the tool, never by hand. What the columns mean, and which figures must hold, is in [README.md](../README.md#faults).',
    `Measured on ${unique(run.map(({ machine: where }) => where))}.`,
    [
      row([...columns.map(([heading]) => heading), 'size', 'date', 'commit']),
      row([...columns, '', '', ''].map(() => '---')),
      ...run.map(({ result, isQuick, date, commit: at }) =>
        row([...columns.map(([, cell]) => cell(result)), isQuick ? 'quick' : 'full', date, at]),
      ),
    ].join('\n'),
    '## What does not hold',
    failures.length === 0 ? 'Everything holds.' : list(failures),
    '## Further figures',
    notes.length === 0 ? 'None.' : list(notes),
    ...(skipped.length === 0 ? [] : ['## What was skipped', list(skipped)]),
  ].join('\n\n')}\n`;
}

/** The rows of a run take the place of those that were published before. */
export function mergeResults(names: readonly string[], before: readonly Published[], now: readonly Published[]) {
  const rows = new Map([...before, ...now].map((each) => [each.name, each]));
  return names.flatMap((name) => rows.get(name) ?? []);
}

/**
 * Writes RESULTS.md, and results.json, which keeps the rows for later runs of other scenarios.
 *
 * @param names of all scenarios, in the order of the page
 * @returns the path of the page
 */
export function writeResults(names: readonly string[], outcomes: readonly Outcome[], isQuick: boolean): string {
  const path = (file: string) => join(import.meta.dirname, file);
  const meta = { date: new Date().toISOString().slice(0, 10), commit: commit(), machine: machine(), isQuick };
  const before = JSON.parse(readFileSync(path('results.json'), 'utf8')) as Published[];
  const published = mergeResults(
    names,
    before,
    outcomes.map((outcome) => ({ ...meta, ...outcome })),
  );
  writeFileSync(path('results.json'), `${JSON.stringify(published, undefined, 1)}\n`);
  writeFileSync(path('RESULTS.md'), renderResults(published));
  return path('RESULTS.md');
}
