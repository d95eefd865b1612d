/** What servers can do when no more comes than they can do, and the share of it that they do under more. */
import { driveClosed, type Driven } from './drive.ts';
import type { Load } from './loads.ts';
import type { RawClient } from './raw-client.ts';

/** The servers that are measured, with their database. */
export interface SystemUnderTest {
  connect(connections: number): Promise<RawClient>;
  /** Milliseconds of CPU that they have used. */
  cpu(): number;
}

export interface Capacity {
  perSecond: number;
  /** For each second of CPU: other programs of the machine do not change it. */
  perCpuSecond: number;
}

const closedConnections = 32;

/** Measures what is done when each of a few connections waits for its response. */
export async function measureCapacity(system: SystemUnderTest, load: Load, seconds: number): Promise<Capacity> {
  const client = await system.connect(closedConnections);
  await driveClosed(client, load, closedConnections, seconds / 3);
  const start = system.cpu();
  const { done, seconds: elapsed } = await driveClosed(client, load, closedConnections, seconds);
  const cpu = system.cpu() - start;
  client.close();
  return { perSecond: done.length / elapsed, perCpuSecond: (done.length / cpu) * 1000 };
}

/** The capacity during a flood: between those before and after it, since the machine drifts. */
export const meanOf = (before: Capacity, after: Capacity): Capacity => ({
  perSecond: (before.perSecond + after.perSecond) / 2,
  perCpuSecond: (before.perCpuSecond + after.perCpuSecond) / 2,
});

/** @param cpu milliseconds that were used for what was done */
export const shareOfCpu = ({ done, late }: Driven, cpu: number, { perCpuSecond }: Capacity): number =>
  ((done.length + late.length) / cpu) * (1000 / perCpuSecond);
