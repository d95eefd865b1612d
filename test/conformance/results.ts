/** The results that are stored on this machine, a folder for each run. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { outcomes } from './profile.ts';

/** Ignored by git. RUN TIME/PROFILE/ has the logs, the exported pages and the result of each module. */
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

export function makeRunFolder(date: Date): string {
  const folder = join(resultsFolder, date.toISOString().replaceAll(':', '-').slice(0, 19));
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** What the provider consists of. */
const sources = ['src', 'views', 'migrations', 'bin', 'package-lock.json'];

/** The last commit that changed the provider, followed by `with changes` when there are uncommitted ones. */
export function currentCommit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, {
      cwd: join(import.meta.dirname, '../..'),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    const isChanged = git('status', '--porcelain', '--', ...sources) !== '';
    return git('log', '-1', '--abbrev=10', '--format=%h', '--', ...sources) + (isChanged ? ' with changes' : '');
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
