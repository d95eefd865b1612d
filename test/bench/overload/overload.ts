/** Floods of one kind of request, and of all kinds; programs during a flood of people; programs during a flood of passwords. */
import { cpuOf, residentMegabytes } from '../../support/process-usage.ts';
import { startFrontdeskTarget } from '../throughput/targets.ts';
import { driverProcessor, pin, providerProcessor, type Target } from '../throughput/target.ts';
import { meanOf, type SystemUnderTest } from './capacity.ts';
import { driveOpen, type LoadResult } from './drive.ts';
import { jointCapacity, loadFactor, measureCapacities, mergeResults, sendFlood, shareAchieved } from './flood.ts';
import { keysLoad, passwordLoad, silentSignInLoad, signInPageLoad, tokenLoad, type Load } from './loads.ts';
import { createRawClient, type RawClient } from './raw-client.ts';

export interface MeasuredFlood {
  name: string;
  /** Whether it consists of all kinds of requests. */
  isMixed: boolean;
  /** Requests per second without overload. */
  capacity: number;
  /** The share of the capacity that was achieved. */
  share: number;
  result: LoadResult;
  /** Milliseconds of each response of `/healthz` during the flood; Infinity for one other than 200. */
  health: number[];
  /** Resident memory of the server at the end of the flood. */
  megabytes: number;
}

/** One of several loads that run at the same time. */
export interface ConcurrentLoad {
  name: string;
  result: LoadResult;
  /** Whether its responses must be as fast as without the flood. */
  isUnaffected: boolean;
}

export interface Overload {
  floods: MeasuredFlood[];
  concurrentLoads: ConcurrentLoad[];
}

/** More than the request queue of a process holds. */
const openConnections = 2_000;

/** Requests `/healthz` twenty times a second. @returns stops, and returns milliseconds of each response */
function probeHealth(client: RawClient): () => Promise<number[]> {
  const samples: Promise<number>[] = [];
  const request = 'GET /healthz HTTP/1.1\r\nhost: probe\r\n\r\n';
  const timer = setInterval(() => {
    samples.push(client.send(request).then(({ status, milliseconds }) => (status === 200 ? milliseconds : Infinity)));
  }, 50);
  return () => {
    clearInterval(timer);
    return Promise.all(samples);
  };
}

const systemOf = ({ port, pid, databasePid }: Target): SystemUnderTest => ({
  connect: (connections) => createRawClient(port, connections),
  cpu: () => cpuOf(pid) + cpuOf(databasePid!),
});

async function flood(target: Target, loads: readonly Load[], seconds: number): Promise<MeasuredFlood> {
  const system = systemOf(target);
  const before = await measureCapacities(system, loads, seconds);
  const client = await system.connect(openConnections);
  const prober = await system.connect(10);
  const stop = probeHealth(prober);
  const sent = await sendFlood(system, client, loads, before, seconds);
  const health = await stop();
  prober.close();
  client.close();
  const megabytes = residentMegabytes(target.pid);
  const after = await measureCapacities(system, loads, seconds);
  return {
    name: loads.length > 1 ? 'all of them' : loads[0]!.name,
    isMixed: loads.length > 1,
    capacity: jointCapacity(before.map((capacity, index) => meanOf(capacity, after[index]!))),
    share: shareAchieved(sent, before, after),
    result: mergeResults(sent.results),
    health,
    megabytes,
  };
}

/** Runs several loads at the same time. @param name of the situation */
async function runTogether(
  target: Target,
  name: string,
  seconds: number,
  loads: readonly { load: Load; perSecond: number; isUnaffected?: boolean }[],
): Promise<ConcurrentLoad[]> {
  const client = await createRawClient(target.port, openConnections);
  const all = await Promise.all(
    loads.map(async ({ load, perSecond, isUnaffected = false }) => ({
      isUnaffected,
      name: `${load.name} ${Math.round(perSecond)}/s${name}`,
      result: await driveOpen(client, load, perSecond, seconds),
    })),
  );
  client.close();
  return all;
}

export async function measureOverload(seconds: number): Promise<Overload> {
  pin(process.pid, driverProcessor);
  const target = await startFrontdeskTarget();
  try {
    const token = tokenLoad(target);
    const keys = keysLoad(target);
    const silent = await silentSignInLoad(target);
    const all = [token, silent, signInPageLoad(target)];
    const floods: MeasuredFlood[] = [];
    for (const loads of [...all.map((load) => [load]), all]) floods.push(await flood(target, loads, seconds));
    const capacityOf = (load: Load) => floods.find(({ name }) => name === load.name)!.capacity;
    const concurrentLoads = await runTogether(target, ', flood of people', seconds, [
      { load: silent, perSecond: loadFactor * capacityOf(silent) },
      { load: token, perSecond: 0.5 * capacityOf(token) },
    ]);
    const passwords = await passwordLoad(target);
    // Password hashes are computed on both processors.
    pin(target.pid, `${providerProcessor},${driverProcessor}`);
    const programs = [token, keys].map((load) => ({ load, perSecond: 50 }));
    concurrentLoads.push(
      ...(await runTogether(target, ', alone', seconds, programs)),
      ...(await runTogether(target, ', flood of passwords', seconds, [
        { load: passwords, perSecond: 500 },
        ...programs.map((program) => ({ ...program, isUnaffected: true })),
      ])),
    );
    return { floods, concurrentLoads };
  } finally {
    await target.close();
  }
}
