/** RESULTS.md: from the newest run of each profile, and what the page said before of those that were run elsewhere. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { outcomes, type ConformanceProfile, type Profile } from './profile.ts';
import { countOf, judge } from './report.ts';
import { newestRuns, type StoredRun } from './results.ts';
import { labelOf } from './run-plan.ts';

/** What is not run at all, and why. */
const notRunFile = z.array(z.strictObject({ what: z.string(), why: z.string() }));
export type NotRun = z.output<typeof notRunFile>[number];

/** What the page says of one profile, in Markdown. */
interface Entry {
  /** YYYY-MM-DD. */
  date: string;
  /** Of the table of counts. */
  row: string;
  /** Heading, plan and reasons. */
  section: string;
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
const tableOf = (head: readonly string[], rows: readonly string[]): string =>
  [row(head), row(head.map(() => '---')), ...rows].join('\n');

function sectionOf(profile: Profile, run: StoredRun): string {
  const { modules, surprises } = judge(profile, run.modules);
  const notPassed = modules.filter(({ result }) => result !== 'passed');
  const rows = notPassed.map((module) => row([labelOf(module), module.result, module.reason ?? '']));
  const variant = Object.entries(profile.variant).map(([name, value]) => `${name}=${value}`);
  return [
    `### ${profile.name}`,
    `${profile.about} Plan \`${profile.plan}\`, ${variant.join(', ') || 'no variant'}.`,
    rows.length === 0 ? 'Everything passed.' : tableOf(['module', 'result', 'reason'], rows),
    ...(surprises.length === 0 ? [] : [`Not as expected:\n\n${surprises.map((it) => `- ${it}`).join('\n')}`]),
  ].join('\n\n');
}

function entryOf(profile: Profile, run: StoredRun): Entry {
  const { modules, suite, commit } = run;
  const counts = countOf(modules);
  const date = run.date.slice(0, 10);
  const numbers = outcomes.map((outcome) => String(counts[outcome]));
  return {
    date,
    row: row([profile.name, profile.certification, ...numbers, suite, date, commit]),
    section: sectionOf(profile, run),
  };
}

/** @param page RESULTS.md as it was written before */
function publishedEntry(page: string, name: string): Entry | undefined {
  const published = page
    .split('\n')
    .find((line) => line.startsWith(`| ${name} |`) && /\| \d{4}-\d\d-\d\d \|/.test(line));
  const section = page.split(/^(?=##)/m).find((part) => part.startsWith(`### ${name}\n`));
  if (published === undefined || section === undefined) return undefined;
  return { date: /\d{4}-\d\d-\d\d/.exec(published)![0], row: published, section: section.trimEnd() };
}

/** The newer of the two; a run of the day that is published already takes its place. */
function currentEntry(profile: Profile, run: StoredRun | undefined, before: string): Entry | undefined {
  const published = publishedEntry(before, profile.name);
  const own = run && entryOf(profile, run);
  return own && published ? (published.date > own.date ? published : own) : (own ?? published);
}

const countsHead = ['profile', 'certification', ...outcomes, 'suite', 'date', 'commit'];

/**
 * A profile that was never run is listed as not run.
 *
 * @param before RESULTS.md as it stands: what it says of a profile stays, unless there is a newer run of it here
 */
export function renderResults(
  profiles: readonly Profile[],
  runs: ReadonlyMap<string, StoredRun>,
  notRun: readonly NotRun[],
  before = '',
): string {
  const entries = profiles.map((profile) => ({
    profile,
    entry: currentEntry(profile, runs.get(profile.name), before),
  }));
  const rows = (wanted: ConformanceProfile) =>
    entries.flatMap(({ profile, entry }) => (entry && profile.conformanceProfile === wanted ? [entry.row] : []));
  const missing = [
    ...entries
      .filter(({ entry }) => entry === undefined)
      .map(({ profile }) => ({ what: profile.name, why: 'No result is stored.' })),
    ...notRun,
  ];
  return `${[
    '# Results of the OpenID Foundation’s conformance suite',
    'Written by `npm run conformance -- --publish` from the newest run of each profile; never by hand. Review means that a person must look at a stored page before it counts; skipped means that the suite saw nothing to test. Neither is counted as passed. These are runs of our own, not certifications.',
    '## As it comes',
    'The provider ran without `CONFORMANCE_PROFILE`, as a deployment does, with two settings for the run: the suite’s host in `OUTGOING_ALLOWED_HOSTS`, and a higher `RATE_LIMIT_FACTOR`. Its clients were registered by `frontdesk clients register` with the options that any app of the kind needs.',
    tableOf(countsHead, rows('off')),
    '## With `CONFORMANCE_PROFILE`',
    'The provider offered what a deployment does not, because plans ask for it: implicit and hybrid flow, unsigned request objects, links of apps to other hosts. Its clients were marked as the suite’s, or registered themselves.',
    tableOf(countsHead, rows('on')),
    '## What was not passed, and why',
    ...entries.flatMap(({ entry }) => (entry ? [entry.section] : [])),
    '## What was not run, and why',
    tableOf(
      ['what', 'why'],
      missing.map(({ what, why }) => row([what, why])),
    ),
  ].join('\n\n')}\n`;
}

/** @returns the path of what was written */
export function writeResults(profiles: readonly Profile[]): string {
  const notRun = notRunFile.parse(JSON.parse(readFileSync(join(import.meta.dirname, 'not-run.json'), 'utf8')));
  const path = join(import.meta.dirname, 'RESULTS.md');
  writeFileSync(path, renderResults(profiles, newestRuns(), notRun, readFileSync(path, 'utf8')));
  return path;
}
