/** `npm run bench -- overload`: what is done of five times the load, as a table. */
import { percentile, type Report } from '../report.ts';
import { shareOfCpu } from './capacity.ts';
import type { Driven } from './drive.ts';
import { measureOverload } from './overload.ts';

const p99 = (values: number[]): string => (values.length === 0 ? '–' : `${percentile(values, 0.99).toFixed(0)} ms`);
const perSecond = ({ done, seconds }: Driven): number => done.length / seconds;
const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;
const rate = (value: number): string => `${value.toFixed(0)}/s`;
const othersOf = ({ others }: Driven): string =>
  [...others].map(([status, count]) => `${count} × ${status}`).join(' ') || '–';

export async function benchOverload(seconds: number): Promise<Report> {
  const { floods, besides } = await measureOverload(seconds);
  const broken: string[] = [];
  const rows: Report['rows'] = floods.map(({ name, capacity, cpu, driven, health, megabytes }) => {
    const share = perSecond(driven) / capacity.perSecond;
    const done = shareOfCpu(driven, cpu, capacity);
    if (done < 0.8) broken.push(`${name}: ${percent(done)} of the capacity is done`);
    if (percentile(health, 0.99) >= 100) broken.push(`${name}: /healthz takes ${p99(health)}`);
    return [
      `${name} × 5`,
      rate(capacity.perSecond),
      rate(driven.sent / driven.seconds),
      `${rate(perSecond(driven))} (${percent(share)})`,
      percent(done),
      p99(driven.done),
      p99(driven.refused),
      p99(health),
      `${megabytes.toFixed(0)} MB`,
      othersOf(driven),
    ];
  });
  for (const { name, driven, isUnaffected } of besides) {
    if (isUnaffected && percentile(driven.done, 0.99) >= 100) broken.push(`${name}: done in ${p99(driven.done)}`);
    rows.push([
      name,
      '',
      rate(driven.sent / driven.seconds),
      rate(perSecond(driven)),
      '',
      p99(driven.done),
      p99(driven.refused),
      '',
      '',
      othersOf(driven),
    ]);
  }
  return {
    title: `What one process does of five times its capacity, for ${seconds} s each.`,
    columns: [
      'load',
      'capacity',
      'sent',
      'done',
      'by CPU',
      'done p99',
      'refused p99',
      'healthz p99',
      'memory',
      'others',
    ],
    rows,
    broken,
  };
}
