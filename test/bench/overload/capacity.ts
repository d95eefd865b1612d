/** The capacity of servers, measured without overload. */
import { driveClosed } from './drive.ts';
import type { Load } from './loads.ts';
import type { RawClient } from './raw-client.ts';

/** The servers that are measured, with their database. */
export interface SystemUnderTest {
  connect(connections: number): Promise<RawClient>;
  /** Milliseconds of CPU that servers and database have used since they started. */
  cpu(): number;
}

/** Successful responses. */
export interface Capacity {
  perSecond: number;
  /** Per second of CPU that was used, which other programs on the machine do not change. */
  perCpuSecond: number;
}

const closedConnections = 32;

/** Measures the rate of 32 connections that send their next request when they have a response. */
export async function measureCapacity(system: SystemUnderTest, load: Load, seconds: number): Promise<Capacity> {
  const client = await system.connect(closedConnections);
  await driveClosed(client, load, closedConnections, seconds / 3);
  const start = system.cpu();
  const { done, seconds: elapsed } = await driveClosed(client, load, closedConnections, seconds);
  const cpu = system.cpu() - start;
  client.close();
  return { perSecond: done.length / elapsed, perCpuSecond: (done.length / cpu) * 1000 };
}

/** The capacity during a flood: the mean of the one before and the one after, since the speed of the machine changes. */
export const meanOf = (before: Capacity, after: Capacity): Capacity => ({
  perSecond: (before.perSecond + after.perSecond) / 2,
  perCpuSecond: (before.perCpuSecond + after.perCpuSecond) / 2,
});
