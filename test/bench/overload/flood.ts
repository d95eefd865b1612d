/** Floods: five times as many requests as a system can serve, and the share of its capacity that it still achieves. */
import { measureCapacity, meanOf, type Capacity, type SystemUnderTest } from './capacity.ts';
import { driveOpen, type LoadResult } from './drive.ts';
import type { Load } from './loads.ts';
import type { RawClient } from './raw-client.ts';

export const loadFactor = 5;

const sumOf = (numbers: number[]): number => numbers.reduce((sum, number) => sum + number, 0);

/** Harmonic mean: the rate for equal numbers of requests of each kind, from the rate of each kind alone. */
const jointRate = (rates: readonly number[]): number => rates.length / sumOf(rates.map((rate) => 1 / rate));

/** @returns requests a second, for equal numbers of requests of each kind */
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
 * Measures the capacity for each kind of request alone, and for all kinds in turn. The capacities of the kinds are
 * multiplied by one factor, so that their `jointCapacity` is the measured one of all kinds in turn.
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
  const factor = together.perSecond / jointCapacity(alone);
  const cpuFactor = together.perCpuSecond / jointRate(alone.map(({ perCpuSecond }) => perCpuSecond));
  return alone.map(({ perSecond, perCpuSecond }) => ({
    perSecond: perSecond * factor,
    perCpuSecond: perCpuSecond * cpuFactor,
  }));
}

export interface Flood {
  /** In the order of the loads. */
  results: LoadResult[];
  /** Milliseconds of CPU that the system used. */
  cpu: number;
}

/**
 * Sends five times what the system can serve, in equal numbers of requests of each kind. It first sends the same for a
 * third of the time without measuring, since the first refusals run code that is not compiled yet.
 *
 * @param seconds of the measured part
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
