/** Compares providers side by side: each operation at each target in turn, in several rounds; the median counts. */
import { measure, type Measurement } from './measure.ts';
import { operations } from './operations.ts';
import { startBareLibrary, startFrontdeskTarget } from './targets.ts';
import { driverProcessor, pin, type Target } from './target.ts';

export interface ThroughputOptions {
  rounds: number;
  /** Of each measurement. */
  seconds: number;
  /** Names of the operations; all when it is empty. */
  only: string[];
}

export interface ThroughputRow {
  operation: string;
  target: string;
  median: Measurement;
}

/** Each figure by itself. */
function medianOf(all: Measurement[]): Measurement {
  const names = Object.keys(all[0]!) as (keyof Measurement)[];
  const middle = (values: number[]) => values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)]!;
  return Object.fromEntries(
    names.map((name) => [name, middle(all.map((each) => each[name]))]),
  ) as unknown as Measurement;
}

export async function measureThroughput({ rounds, seconds, only }: ThroughputOptions): Promise<ThroughputRow[]> {
  pin(process.pid, driverProcessor);
  const targets: Target[] = [await startFrontdeskTarget(), await startBareLibrary()];
  const rows: ThroughputRow[] = [];
  try {
    for (const operation of operations.filter(({ name }) => only.length === 0 || only.includes(name))) {
      const able = targets.filter((target) => operation.isFor?.(target) ?? true);
      const all = new Map(able.map(({ name }) => [name, [] as Measurement[]]));
      for (let round = 0; round < rounds; round += 1) {
        for (const target of able) all.get(target.name)!.push(await measure(target, operation, seconds));
      }
      for (const [target, measured] of all)
        rows.push({ operation: operation.name, target, median: medianOf(measured) });
    }
  } finally {
    for (const target of targets) await target.close();
  }
  return rows;
}
