/** RESULTS.md: the newest run of each profile on this machine; results of profiles that were run elsewhere stay. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { outcomes, type ConformanceProfile, type Profile } from './profile.ts';
import { countOf, judge } from './report.ts';
import { newestRuns, type StoredRun } from './results.ts';
import { labelOf } from './run-plan.ts';

/** not-run.json: plans that no profile runs, with the reason. */
const notRunFile = z.array(z.strictObject({ what: z.string(), why: z.string() }));
export type NotRun = z.output<typeof notRunFile>[number];

/** The parts of the page for one profile, in Markdown. */
interface Entry {
  /** YYYY-MM-DD. */
  date: string;
  /** Row of the table of counts. */
  row: string;
  /** Heading, plan and reasons. */
  section: string;
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
const markdownTable = (head: readonly string[], rows: readonly string[]): string =>
  [row(head), row(head.map(() => '---')), ...rows].join('\n');

function sectionOf(profile: Profile, run: StoredRun): string {
  const { modules, unexpected } = judge(profile, run.modules);
  const notPassed = modules.filter(({ result }) => result !== 'passed');
  const rows = notPassed.map((module) => row([labelOf(module), module.result, module.reason ?? '']));
  const variant = Object.entries(profile.variant).map(([name, value]) => `${name}=${value}`);
  return [
    `### ${profile.name}`,
    `${profile.about} Plan \`${profile.plan}\`, ${variant.join(', ') || 'no variant'}.`,
    rows.length === 0 ? 'Everything passed.' : markdownTable(['module', 'result', 'reason'], rows),
    ...(unexpected.length === 0 ? [] : [`Not as expected:\n\n${unexpected.map((line) => `- ${line}`).join('\n')}`]),
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

/** @param page the present RESULTS.md */
function publishedEntry(page: string, name: string): Entry | undefined {
  const published = page
    .split('\n')
    .find((line) => line.startsWith(`| ${name} |`) && /\| \d{4}-\d\d-\d\d \|/.test(line));
  const section = page.split(/^(?=##)/m).find((part) => part.startsWith(`### ${name}\n`));
  if (published === undefined || section === undefined) return undefined;
  return { date: /\d{4}-\d\d-\d\d/.exec(published)![0], row: published, section: section.trimEnd() };
}

/** The newer of the run and the published entry; on the same day the run. */
function currentEntry(profile: Profile, run: StoredRun | undefined, before: string): Entry | undefined {
  const published = publishedEntry(before, profile.name);
  const fresh = run && entryOf(profile, run);
  return fresh && published ? (published.date > fresh.date ? published : fresh) : (fresh ?? published);
}

const countsHead = ['profile', 'certification', ...outcomes, 'suite', 'date', 'commit'];

/**
 * Makes the page. A profile without any result is listed as not run.
 *
 * @param before the present RESULTS.md, whose entry of a profile stays unless a run is newer
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
  const rowsOf = (setting: ConformanceProfile) =>
    entries.flatMap(({ profile, entry }) => (entry && profile.conformanceProfile === setting ? [entry.row] : []));
  const missing = [
    ...entries
      .filter(({ entry }) => entry === undefined)
      .map(({ profile }) => ({ what: profile.name, why: 'No result is stored.' })),
    ...notRun,
  ];
  return `${[
    '# Results of the OpenID Foundation’s conformance suite',
    'Written by `npm run conformance -- --publish` from the newest run of each profile; never by hand. Review means that the automatic checks passed and a person must look at a stored page; skipped means that the provider does not offer what the module tests. Neither is counted as passed. These are runs of our own, not certifications.',
    '## Default configuration',
    'The provider ran without `CONFORMANCE_PROFILE`, as a deployment does, with two settings for the run: the suite’s host in `OUTGOING_ALLOWED_HOSTS`, and a higher `RATE_LIMIT_FACTOR`. Its clients were registered by `frontdesk clients register` with the options that any app of the kind needs.',
    markdownTable(countsHead, rowsOf('off')),
    '## With `CONFORMANCE_PROFILE`',
    'The provider offered what plans need and a deployment does not offer: implicit and hybrid flow, unsigned request objects, links of apps to other hosts. Its clients were marked as the suite’s, or registered themselves.',
    markdownTable(countsHead, rowsOf('on')),
    '## What was not passed, and why',
    ...entries.flatMap(({ entry }) => (entry ? [entry.section] : [])),
    '## What was not run, and why',
    markdownTable(
      ['what', 'why'],
      missing.map(({ what, why }) => row([what, why])),
    ),
  ].join('\n\n')}\n`;
}

/** Writes RESULTS.md. @returns its path */
export function writeResults(profiles: readonly Profile[]): string {
  const notRun = notRunFile.parse(JSON.parse(readFileSync(join(import.meta.dirname, 'not-run.json'), 'utf8')));
  const path = join(import.meta.dirname, 'RESULTS.md');
  writeFileSync(path, renderResults(profiles, newestRuns(), notRun, readFileSync(path, 'utf8')));
  return path;
}
