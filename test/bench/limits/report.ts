/** `npm run bench -- limits`: the figures as a table. */
import { percentile, type Report } from '../report.ts';
import { measureLimits, type Limit } from './limits.ts';

/** The value that is compared with the bound. */
const comparedValue = ({ values }: Limit): number => percentile(values, values.length > 50 ? 0.99 : 1);

const figure = (value: number, unit: Limit['unit']): string =>
  unit === 'times' ? `${Number(value.toFixed(2))}` : `${value.toFixed(unit === 's' ? 1 : 0)} ${unit}`;

export async function benchLimits(): Promise<Report> {
  const limits = await measureLimits();
  const broken = limits
    .filter((limit) => !(comparedValue(limit) <= limit.bound))
    .map(
      (limit) =>
        `${limit.name}: ${figure(comparedValue(limit), limit.unit)}, not ${figure(limit.bound, limit.unit)} at most`,
    );
  return {
    title: 'What has a maximum time; 2 processes on one database.',
    columns: ['measured', 'count', 'p50', 'p99', 'max', 'bound'],
    rows: limits.map(({ name, unit, values, bound }) => [
      name,
      values.length,
      ...[0.5, 0.99, 1].map((share) => figure(percentile(values, share), unit)),
      figure(bound, unit),
    ]),
    broken,
  };
}
