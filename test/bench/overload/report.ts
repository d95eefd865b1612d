/** `npm run bench -- overload`: the figures as a table. */
import { percentile, type Report } from '../report.ts';
import type { LoadResult } from './drive.ts';
import { measureOverload } from './overload.ts';

const p99 = (values: number[]): string => (values.length === 0 ? '–' : `${percentile(values, 0.99).toFixed(0)} ms`);
const perSecond = ({ done, seconds }: LoadResult): number => done.length / seconds;
const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;
const rate = (value: number): string => `${value.toFixed(0)}/s`;
const othersOf = ({ others }: LoadResult): string =>
  [...others].map(([status, count]) => `${count} × ${status}`).join(' ') || '–';

export async function benchOverload(seconds: number): Promise<Report> {
  const { floods, concurrentLoads } = await measureOverload(seconds);
  const broken: string[] = [];
  const rows: Report['rows'] = floods.map(({ name, isMixed, capacity, share, result, health, megabytes }) => {
    if (isMixed && share < 0.8) broken.push(`${name}: ${percent(share)} of the capacity is share`);
    if (percentile(health, 0.99) >= 100) broken.push(`${name}: /healthz takes ${p99(health)}`);
    return [
      `${name} × 5`,
      rate(capacity),
      rate(result.sent / result.seconds),
      rate(perSecond(result)),
      percent(share),
      p99(result.done),
      p99(result.refused),
      p99(health),
      `${megabytes.toFixed(0)} MB`,
      othersOf(result),
    ];
  });
  for (const { name, result, isUnaffected } of concurrentLoads) {
    if (isUnaffected && percentile(result.done, 0.99) >= 100) broken.push(`${name}: takes ${p99(result.done)}`);
    rows.push([
      name,
      '',
      rate(result.sent / result.seconds),
      rate(perSecond(result)),
      '',
      p99(result.done),
      p99(result.refused),
      '',
      '',
      othersOf(result),
    ]);
  }
  return {
    title: `One process under five times its capacity, for ${seconds} s each.`,
    columns: [
      'load',
      'capacity',
      'sent',
      'done',
      'share of the capacity',
      'done p99',
      'refused p99',
      'healthz p99',
      'memory',
      'other statuses',
    ],
    rows,
    broken,
  };
}
