/** RESULTS.md: a section for each comparison. Publishing a bench replaces its own section only. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type as system } from 'node:os';
import { join } from 'node:path';

const file = join(import.meta.dirname, 'RESULTS.md');

/** Maximum load average of the minute before the run: above it, other programs distort the figures. */
export const maxLoad = 1.5;

/** Load average of the minute before the run. */
export const loadBefore = loadavg()[0]!;

const head = [
  '# Results of `npm run bench`',
  'Written by the tool (`--publish`), never by hand. What is measured, and how, is in [README.md](../README.md#benches).',
].join('\n\n');

const row = (cells: readonly (string | number)[]): string =>
  `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;

export const table = (columns: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [row(columns), row(columns.map(() => '---')), ...rows.map(row)].join('\n');

function commit(): string {
  const git = (...args: string[]) => spawnSync('git', args).stdout?.toString().trim() ?? '';
  return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain') === '' ? '' : ' with changes'}`;
}

const machine = (): string =>
  `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GB, ${system()} ${release()}, Node ${process.versions.node}`;

/** The first line of a section: date, commit and machine. @param load average before the run */
export function provenance(load = loadBefore): string {
  const date = new Date().toISOString().slice(0, 10);
  const warning = load > maxLoad ? ' **The machine was busy with other work, so these figures say little.**' : '';
  return `${date}, commit ${commit()}, on ${machine()}; load average before the run ${load.toFixed(1)}.${warning}`;
}

/** @returns why figures may not be published now; undefined when they may */
export function whyNotPublish(isForced: boolean, load = loadBefore): string | undefined {
  if (load <= maxLoad || isForced) return undefined;
  return `The load average is ${load.toFixed(1)}. Figures are published up to ${maxLoad}, or with --force; the page then says that the machine was busy.`;
}

/** The page with one of its sections replaced, or added at its end. @param text of the section, without its heading */
export function withSection(page: string, heading: string, text: string): string {
  const [, ...sections] = page.split(/^## /m);
  const own = `${heading}\n\n${text}\n`;
  const isOwn = (section: string) => section.startsWith(`${heading}\n`);
  const all = sections.some(isOwn) ? sections.map((each) => (isOwn(each) ? own : each)) : [...sections, own];
  return [head, ...all.map((section) => `## ${section.trim()}`)].join('\n\n').concat('\n');
}

/** @returns the path of the page */
export function publish(heading: string, text: string): string {
  writeFileSync(file, withSection(existsSync(file) ? readFileSync(file, 'utf8') : '', heading, text));
  return file;
}
