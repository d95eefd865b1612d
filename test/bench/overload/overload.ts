/** Five times what the server can do, by kind of request; people and programs at once; and a flood of passwords. */
import { residentMegabytes } from '../throughput/cpu.ts';
import { startFrontdeskTarget } from '../throughput/targets.ts';
import { driverProcessor, pin, type Target } from '../throughput/target.ts';
import { driveClosed, driveOpen, type Driven } from './drive.ts';
import { keysLoad, passwordLoad, silentLoad, startLoad, tokenLoad, type Load } from './loads.ts';
import { createRawClient, type RawClient } from './raw-client.ts';

export interface Flood {
  name: string;
  /** What the server does a second when no more comes than it can do. */
  capacity: number;
  driven: Driven;
  /** Milliseconds of `/healthz` meanwhile. */
  health: number[];
  /** Resident memory at its end. */
  megabytes: number;
}

export interface Beside {
  name: string;
  driven: Driven;
}

export interface Overload {
  floods: Flood[];
  /** Requests that come beside a flood. */
  besides: Beside[];
}

const closedConnections = 32;
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

async function flood(target: Target, load: Load, seconds: number): Promise<Flood> {
  const few = await createRawClient(target.port, closedConnections);
  await driveClosed(few, load, closedConnections, seconds / 3);
  const closed = await driveClosed(few, load, closedConnections, seconds);
  few.close();
  const client = await createRawClient(target.port, openConnections);
  const capacity = closed.done.length / closed.seconds;
  const prober = await createRawClient(target.port, 10);
  const stop = probeHealth(prober);
  const driven = await driveOpen(client, load, capacity * times, seconds);
  const health = await stop();
  prober.close();
  client.close();
  return { name: load.name, capacity, driven, health, megabytes: residentMegabytes(target.pid) };
}

/** One load above what the server can do, and others beside it. */
async function floodBeside(
  target: Target,
  name: string,
  seconds: number,
  loads: readonly { load: Load; perSecond: number }[],
): Promise<Beside[]> {
  const client = await createRawClient(target.port, openConnections);
  const all = await Promise.all(
    loads.map(async ({ load, perSecond }) => ({
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
    const capacityOf = (load: Load) => floods.find(({ name }) => name === load.name)!.capacity;
    const besides = await floodBeside(target, ', people flood', seconds, [
      { load: silent, perSecond: times * capacityOf(silent) },
      { load: token, perSecond: 0.5 * capacityOf(token) },
    ]);
    const passwords = await passwordLoad(target);
    besides.push(
      ...(await floodBeside(target, ', passwords flood', seconds, [
        { load: passwords, perSecond: 500 },
        { load: token, perSecond: 50 },
        { load: keys, perSecond: 50 },
      ])),
    );
    return { floods, besides };
  } finally {
    await target.close();
  }
}
