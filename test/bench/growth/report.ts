/** `npm run bench -- growth`: the figures as a table. */
import type { Report } from '../report.ts';
import { measureGrowth, type GrowthOptions } from './growth.ts';

const minRowsPerSecond = 20_000;
const maxSlowdown = 2;
/** Maximum for a command that ends 20,000 sessions or 1,000,000 grants, including the start of its process. */
const maxCommandSeconds = 120;
const maxPageKilobytes = 200;
/** A 99th percentile up to this is accepted, however fast responses were before. */
const acceptedMilliseconds = 30;

export async function benchGrowth(options: GrowthOptions): Promise<Report> {
  const { purge, endings } = await measureGrowth(options);
  const broken: string[] = [];
  const rows: Report['rows'] = purge.tables
    .filter((table) => table.rows > 0)
    .map(({ name, rows: count, seconds }) => [
      `purge of ${name}`,
      count,
      `${seconds.toFixed(1)} s`,
      Math.round(count / seconds),
    ]);
  const purged = purge.tables.reduce((sum, table) => sum + table.rows, 0);
  const seconds = purge.tables.reduce((sum, table) => sum + table.seconds, 0);
  const perSecond = Math.round(purged / seconds);
  rows.push(['purge, all tables', purged, `${seconds.toFixed(1)} s`, perSecond]);
  if (!(perSecond >= minRowsPerSecond)) broken.push(`${perSecond} rows a second are purged, not ${minRowsPerSecond}`);
  const { p99Before, p99During } = purge;
  rows.push([
    'token endpoint, p99 before and during the purge',
    '',
    `${p99Before.toFixed(0)} ms`,
    `${p99During.toFixed(0)} ms`,
  ]);
  if (!(p99During <= Math.max(acceptedMilliseconds, maxSlowdown * p99Before)))
    broken.push(`p99 is ${p99During.toFixed(0)} ms during the purge, and ${p99Before.toFixed(0)} ms before`);
  for (const { name, rows: count, seconds: took } of endings.commands) {
    rows.push([name, count, `${took.toFixed(1)} s`, Math.round(count / took)]);
    if (!(took <= maxCommandSeconds))
      broken.push(`${name} takes ${took.toFixed(0)} s, not ${maxCommandSeconds} at most`);
  }
  const { refusedAfterSeconds, finishedAfterKillSeconds, devices } = endings;
  rows.push(['sessions end, until tokens are refused', '', `${refusedAfterSeconds.toFixed(1)} s`, '']);
  rows.push(['killed command, until servers have finished it', '', `${finishedAfterKillSeconds.toFixed(1)} s`, '']);
  rows.push(['/account/devices', '', `${devices.milliseconds.toFixed(0)} ms`, `${devices.kilobytes.toFixed(0)} KB`]);
  if (!(devices.kilobytes <= maxPageKilobytes)) broken.push(`/account/devices has ${devices.kilobytes.toFixed(0)} KB`);
  return {
    title: `${options.sessions.toLocaleString('en')} sessions, and the accounts, grants, tokens, notices and events that belong to them.`,
    columns: ['step', 'rows', 'duration', 'rows per second'],
    rows,
    broken,
  };
}
