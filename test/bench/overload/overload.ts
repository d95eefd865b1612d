/** Five times what the server can do, by kind of request; people and programs at once; and a flood of passwords. */
import { cpuOf, residentMegabytes } from '../../support/process-usage.ts';
import { startFrontdeskTarget } from '../throughput/targets.ts';
import { driverProcessor, pin, providerProcessor, type Target } from '../throughput/target.ts';
import { measureCapacity, meanOf, type Capacity, type SystemUnderTest } from './capacity.ts';
import { driveOpen, type Driven } from './drive.ts';
import { keysLoad, passwordLoad, silentLoad, startLoad, tokenLoad, type Load } from './loads.ts';
import { createRawClient, type RawClient } from './raw-client.ts';

export interface Flood {
  name: string;
  /** What the server does when no more comes than it can do. */
  capacity: Capacity;
  /** Milliseconds of CPU that server and database used meanwhile. */
  cpu: number;
  driven: Driven;
  /** Milliseconds of `/healthz` meanwhile. */
  health: number[];
  /** Resident memory at its end. */
  megabytes: number;
}

export interface Beside {
  name: string;
  driven: Driven;
  /** Whether programs are to notice nothing of the flood. */
  isUnaffected: boolean;
}

export interface Overload {
  floods: Flood[];
  /** Requests that come beside a flood. */
  besides: Beside[];
}

/** More than requests may wait in line. */
const openConnections = 2_000;
const times = 5;

/** Asks `/healthz` twenty times a second, until it is stopped. */
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

async function flood(target: Target, load: Load, seconds: number): Promise<Flood> {
  const system = systemOf(target);
  const before = await measureCapacity(system, load, seconds);
  const client = await system.connect(openConnections);
  const prober = await system.connect(10);
  const stop = probeHealth(prober);
  const start = system.cpu();
  const driven = await driveOpen(client, load, before.perSecond * times, seconds);
  const cpu = system.cpu() - start;
  const health = await stop();
  prober.close();
  client.close();
  const megabytes = residentMegabytes(target.pid);
  const capacity = meanOf(before, await measureCapacity(system, load, seconds));
  return { name: load.name, capacity, cpu, driven, health, megabytes };
}

/** One load above what the server can do, and others beside it. */
async function floodBeside(
  target: Target,
  name: string,
  seconds: number,
  loads: readonly { load: Load; perSecond: number; isUnaffected?: boolean }[],
): Promise<Beside[]> {
  const client = await createRawClient(target.port, openConnections);
  const all = await Promise.all(
    loads.map(async ({ load, perSecond, isUnaffected = false }) => ({
      isUnaffected,
      name: `${load.name} ${Math.round(perSecond)}/s${name}`,
      driven: await driveOpen(client, load, perSecond, seconds),
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
    const silent = await silentLoad(target);
    const floods: Flood[] = [];
    for (const load of [token, silent, startLoad(target)]) floods.push(await flood(target, load, seconds));
    const known = (load: Load) => floods.find(({ name }) => name === load.name)!.capacity.perSecond;
    const besides = await floodBeside(target, ', people flood', seconds, [
      { load: silent, perSecond: times * known(silent) },
      { load: token, perSecond: 0.5 * known(token) },
    ]);
    const passwords = await passwordLoad(target);
    // Hashes are made on other processors than the one that serves requests.
    pin(target.pid, `${providerProcessor},${driverProcessor}`);
    const programs = [token, keys].map((load) => ({ load, perSecond: 50 }));
    besides.push(
      ...(await floodBeside(target, ', alone', seconds, programs)),
      ...(await floodBeside(target, ', passwords flood', seconds, [
        { load: passwords, perSecond: 500 },
        ...programs.map((program) => ({ ...program, isUnaffected: true })),
      ])),
    );
    return { floods, besides };
  } finally {
    await target.close();
  }
}
