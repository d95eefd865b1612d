/** Floods: five times as many requests as a system can serve, and the share of its capacity that it still achieves. */
import { measureCapacity, meanOf, type Capacity, type SystemUnderTest } from './capacity.ts';
import { driveOpen, type LoadResult } from './drive.ts';
import type { Load } from './loads.ts';
import type { RawClient } from './raw-client.ts';

export const loadFactor = 5;

const sumOf = (numbers: number[]): number => numbers.reduce((sum, number) => sum + number, 0);

/** The mean of rates for as many requests of one kind as of the others. */
const jointRate = (rates: readonly number[]): number => rates.length / sumOf(rates.map((rate) => 1 / rate));

/** @returns requests a second for as many requests of one kind as of the others */
export const jointCapacity = (capacities: readonly Capacity[]): number =>
  jointRate(capacities.map(({ perSecond }) => perSecond));

/** Requests of all kinds in turn. */
function inTurn(loads: readonly Load[]): Load {
  let turn = 0;
  return {
    name: loads.map(({ name }) => name).join(', '),
    next: () => loads[(turn += 1) % loads.length]!.next(),
    isDone: (status) => loads.some((load) => load.isDone(status)),
  };
}

/**
 * Measures the capacity for each kind of request alone, and for all of them in turn. What that takes more than each kind
 * alone is spread over all kinds.
 */
export async function measureCapacities(
  system: SystemUnderTest,
  loads: readonly Load[],
  seconds: number,
): Promise<Capacity[]> {
  const alone: Capacity[] = [];
  for (const load of loads) alone.push(await measureCapacity(system, load, seconds));
  if (loads.length === 1) return alone;
  const together = await measureCapacity(system, inTurn(loads), seconds);
  const slower = together.perSecond / jointCapacity(alone);
  const slowerByCpu = together.perCpuSecond / jointRate(alone.map(({ perCpuSecond }) => perCpuSecond));
  return alone.map(({ perSecond, perCpuSecond }) => ({
    perSecond: perSecond * slower,
    perCpuSecond: perCpuSecond * slowerByCpu,
  }));
}

export interface Flood {
  /** In the order of the loads. */
  results: LoadResult[];
  /** Milliseconds of CPU that the system used. */
  cpu: number;
}

/**
 * Sends five times what the system can serve: as many requests of one kind as of the others. For a third of the time
 * before, the same is sent unmeasured: the first refusals run code that is not compiled yet.
 */
export async function sendFlood(
  system: SystemUnderTest,
  client: RawClient,
  loads: readonly Load[],
  capacities: readonly Capacity[],
  seconds: number,
): Promise<Flood> {
  const perSecond = (loadFactor * jointCapacity(capacities)) / loads.length;
  const send = (duration: number) => Promise.all(loads.map((load) => driveOpen(client, load, perSecond, duration)));
  await send(seconds / 3);
  const start = system.cpu();
  const results = await send(seconds);
  return { results, cpu: system.cpu() - start };
}

/**
 * The share of the capacity that was achieved: of the CPU time that the system used, the part that its successful
 * responses take without overload. The rest went into refusals.
 */
export const shareAchieved = (
  { results, cpu }: Flood,
  before: readonly Capacity[],
  after: readonly Capacity[],
): number =>
  sumOf(
    results.map(({ done, late }, index) => {
      const { perCpuSecond } = meanOf(before[index]!, after[index]!);
      return ((done.length + late.length) / perCpuSecond) * 1000;
    }),
  ) / cpu;

/** All results as one. */
export const mergeResults = (results: readonly LoadResult[]): LoadResult => ({
  sent: sumOf(results.map(({ sent }) => sent)),
  seconds: results[0]!.seconds,
  done: results.flatMap(({ done }) => done),
  late: results.flatMap(({ late }) => late),
  refused: results.flatMap(({ refused }) => refused),
  others: new Map(results.flatMap(({ others }) => [...others])),
});
