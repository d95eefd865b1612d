/** Five times what both processes can do, kind by kind, while people go on. */
import { measureCapacity, meanOf, shareOfCpu, type Flooded } from '../../bench/overload/capacity.ts';
import { driveOpen } from '../../bench/overload/drive.ts';
import { keysLoad, silentLoad, startLoad, tokenLoad, type Load } from '../../bench/overload/loads.ts';
import { createRawClient, type RawClient } from '../../bench/overload/raw-client.ts';
import { driverProcessor, pin, providerProcessor, type Target } from '../../bench/throughput/target.ts';
import { childrenOf, cpuOf } from '../../support/process-usage.ts';
import { defineScenario, type Scene } from '../scenario.ts';
import type { Stage } from '../stage.ts';

const times = 5;
/** More than requests may wait in line, of both processes. */
const openConnections = 2_400;
const everyProcessor = '0-1';

const pidsOf = ({ servers, postgres }: Stage): number[] => [...servers.map(({ pid }) => pid), postgres.pid!];

/** Both processes in turn, without the balancer, which could do less than they. */
const floodedOf = (stage: Stage): Flooded => ({
  async connect(connections) {
    const { servers } = stage;
    const clients: RawClient[] = [];
    for (const { port } of servers) clients.push(await createRawClient(port, connections / servers.length));
    let turn = 0;
    return {
      send: (request) => clients[(turn += 1) % clients.length]!.send(request),
      close: () => clients.forEach((client) => client.close()),
    };
  },
  cpu: () => pidsOf(stage).reduce((sum, pid) => sum + cpuOf(pid), 0),
});

function targetOf({ world, servers, postgres }: Stage): Target {
  const { issuer, first, machine } = world;
  return {
    name: 'both processes',
    issuer,
    port: Number(new URL(issuer).port),
    pid: servers[0]!.pid,
    databasePid: postgres.pid,
    app: first,
    machine,
    hasPasswords: true,
    close: async () => {},
  };
}

/**
 * People pause while it is measured, since what they do is another kind of request; then they go on in a second flood.
 *
 * @returns the share of it that is done, and the figures in words
 */
async function flood(scene: Scene, load: Load, seconds: number): Promise<{ share: number; words: string }> {
  const { driver } = scene;
  const flooded = floodedOf(scene);
  await driver.pause();
  const before = await measureCapacity(flooded, load, seconds);
  const client = await flooded.connect(openConnections);
  const start = flooded.cpu();
  const driven = await driveOpen(client, load, times * before.perSecond, seconds);
  const cpu = flooded.cpu() - start;
  const share = shareOfCpu(driven, cpu, meanOf(before, await measureCapacity(flooded, load, seconds)));
  driver.resume();
  await driveOpen(client, load, times * before.perSecond, seconds);
  client.close();
  const others = [...driven.others].map(([status, count]) => `, ${count} × ${status}`).join('');
  return { share, words: `${load.name}: ${(share * 100).toFixed(0)} % of ${before.perSecond.toFixed(0)}/s${others}` };
}

export const overload = defineScenario({
  name: 'overload',
  maxSeconds: 400,
  sizes: { full: { seconds: 10 }, quick: { seconds: 3 } },
  async run(scene, { seconds }) {
    const target = targetOf(scene);
    const loads = [tokenLoad(target), await silentLoad(target), startLoad(target), keysLoad(target)];
    const measured = pidsOf(scene).flatMap((pid) => [pid, ...childrenOf(pid)]);
    for (const pid of measured) pin(pid, providerProcessor);
    pin(process.pid, driverProcessor);
    const goodput: number[] = [];
    const notes: string[] = [];
    for (const load of loads) {
      const { share, words } = await flood(scene, load, seconds);
      goodput.push(share);
      notes.push(words);
    }
    for (const pid of [...measured, process.pid]) pin(pid, everyProcessor);
    return { what: `${times} × what both processes can do, ${seconds} s of each kind of request`, goodput, notes };
  },
});
