/** `npm run bench -- growth`: the figures as a table. */
import type { Report } from '../report.ts';
import { measureGrowth, type GrowthOptions } from './growth.ts';

const minRowsPerSecond = 20_000;
const maxSlowdown = 2;
/** Of a command that ends 20,000 sessions or 1,000,000 grants, the start of its process included. */
const maxCommandSeconds = 120;
const maxPageKilobytes = 200;
/** Below this a response is quick, whatever it was before. */
const quickMilliseconds = 30;

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
  const { p99Before, p99Beside } = purge;
  rows.push(['token endpoint, p99 before and beside', '', `${p99Before.toFixed(0)} ms`, `${p99Beside.toFixed(0)} ms`]);
  if (!(p99Beside <= Math.max(quickMilliseconds, maxSlowdown * p99Before)))
    broken.push(`p99 is ${p99Beside.toFixed(0)} ms beside the purge, and ${p99Before.toFixed(0)} ms without`);
  for (const { name, rows: count, seconds: took } of endings.commands) {
    rows.push([name, count, `${took.toFixed(1)} s`, Math.round(count / took)]);
    if (!(took <= maxCommandSeconds))
      broken.push(`${name} takes ${took.toFixed(0)} s, not ${maxCommandSeconds} at most`);
  }
  const { refusedAfterSeconds, finishedAfterKillSeconds, devices } = endings;
  rows.push(['sessions end, until all is refused', '', `${refusedAfterSeconds.toFixed(1)} s`, '']);
  rows.push(['rest of a killed command', '', `${finishedAfterKillSeconds.toFixed(1)} s`, '']);
  rows.push(['/account/devices', '', `${devices.milliseconds.toFixed(0)} ms`, `${devices.kilobytes.toFixed(0)} KB`]);
  if (!(devices.kilobytes <= maxPageKilobytes))
    broken.push(`the devices are a page of ${devices.kilobytes.toFixed(0)} KB`);
  return {
    title: `${options.sessions.toLocaleString('en')} sessions, and the accounts, grants, tokens, notices and events that belong to them.`,
    columns: ['what', 'rows', 'took', 'a second'],
    rows,
    broken,
  };
}
