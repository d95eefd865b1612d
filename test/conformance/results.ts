/** Results that are kept, and RESULTS.md, which is made from the newest ones. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { outcomes, type Profile } from './profile.ts';
import { countOf, judge } from './report.ts';
import { labelOf } from './run-plan.ts';

/** Ignored by git: logs, exported pages and what came of each module, by the time of the run and the profile. */
export const resultsFolder = join(import.meta.dirname, 'results');

const storedRun = z.object({
  profile: z.string(),
  /** The suite's version. */
  suite: z.string(),
  /** ISO 8601. */
  date: z.string(),
  commit: z.string(),
  issuer: z.string(),
  modules: z.array(
    z.object({
      name: z.string(),
      variant: z.record(z.string(), z.string()),
      result: z.enum(outcomes),
      findings: z.array(z.string()),
      seconds: z.number(),
    }),
  ),
});
export type StoredRun = z.output<typeof storedRun>;

/** What is not run at all, and why. */
const notRunFile = z.array(z.strictObject({ what: z.string(), why: z.string() }));
export type NotRun = z.output<typeof notRunFile>[number];

export function makeRunFolder(date: Date): string {
  const folder = join(resultsFolder, date.toISOString().replaceAll(':', '-').slice(0, 19));
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** The state of the sources: a commit, marked when something was changed after it. */
export function currentCommit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    const isChanged = git('status', '--porcelain', '--', '../../src', '../../views', '../../migrations') !== '';
    return git('rev-parse', '--short=10', 'HEAD') + (isChanged ? ' with changes' : '');
  } catch {
    return 'unknown';
  }
}

export const storeRun = (folder: string, run: StoredRun): void =>
  writeFileSync(join(folder, 'result.json'), `${JSON.stringify(run, undefined, 2)}\n`);

/** The newest run of each profile. */
export function newestRuns(): Map<string, StoredRun> {
  const files = existsSync(resultsFolder) ? readdirSync(resultsFolder, { recursive: true, encoding: 'utf8' }) : [];
  const runs = files
    .filter((file) => basename(file) === 'result.json')
    .toSorted()
    .map((file) => storedRun.parse(JSON.parse(readFileSync(join(resultsFolder, file), 'utf8'))));
  return new Map(runs.map((run) => [run.profile, run]));
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
const markdownTable = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');

function partOf(profile: Profile, run: StoredRun): string {
  const { modules, surprises } = judge(profile, run.modules);
  const notPassed = modules.filter(({ result }) => result !== 'passed');
  const rows = notPassed.map((module) => [labelOf(module), module.result, module.reason ?? '']);
  return [
    `### ${profile.name}`,
    `${profile.about} Plan \`${profile.plan}\`, ${
      Object.entries(profile.variant)
        .map(([name, value]) => `${name}=${value}`)
        .join(', ') || 'no variant'
    }.`,
    rows.length === 0 ? 'Everything passed.' : markdownTable(['module', 'result', 'reason'], rows),
    ...(surprises.length === 0 ? [] : [`Not as expected:\n\n${surprises.map((it) => `- ${it}`).join('\n')}`]),
  ].join('\n\n');
}

/** RESULTS.md from the newest runs; a profile without one is listed as not run. */
export function renderResults(
  profiles: readonly Profile[],
  runs: ReadonlyMap<string, StoredRun>,
  notRun: readonly NotRun[],
): string {
  const ran = profiles.filter(({ name }) => runs.has(name));
  const counts = ran.map(({ name, certification }) => {
    const { modules, suite, date, commit } = runs.get(name)!;
    const numbers = countOf(modules);
    return [name, certification, ...outcomes.map((it) => String(numbers[it])), suite, date.slice(0, 10), commit];
  });
  const missing = [
    ...profiles.filter(({ name }) => !runs.has(name)).map(({ name }) => ({ what: name, why: 'No result is stored.' })),
    ...notRun,
  ];
  return `${[
    '# Results of the OpenID Foundation’s conformance suite',
    'Written by `npm run conformance -- --publish` from the newest run of each profile; never by hand. Review means that a person must look at a stored page before it counts; skipped means that the suite saw nothing to test. Neither is counted as passed.',
    'These are runs of our own, not certifications. The provider ran with `CONFORMANCE_PROFILE=true`: plans ask for implicit and hybrid flow, requests without PKCE and other things that a deployment does not offer.',
    markdownTable(['profile', 'certification', ...outcomes, 'suite', 'date', 'commit'], counts),
    '## What was not passed, and why',
    ...ran.map((profile) => partOf(profile, runs.get(profile.name)!)),
    '## What was not run, and why',
    markdownTable(
      ['what', 'why'],
      missing.map(({ what, why }) => [what, why]),
    ),
  ].join('\n\n')}\n`;
}

/** @returns the path of what was written */
export function writeResults(profiles: readonly Profile[]): string {
  const notRun = notRunFile.parse(JSON.parse(readFileSync(join(import.meta.dirname, 'not-run.json'), 'utf8')));
  const path = join(import.meta.dirname, 'RESULTS.md');
  writeFileSync(path, renderResults(profiles, newestRuns(), notRun));
  return path;
}
