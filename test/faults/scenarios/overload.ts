/** Five times what both processes can do, kind by kind, while people go on. */
import { driveClosed, driveOpen } from '../../bench/overload/drive.ts';
import { keysLoad, silentLoad, startLoad, tokenLoad } from '../../bench/overload/loads.ts';
import { createRawClient, type RawClient } from '../../bench/overload/raw-client.ts';
import { driverProcessor, pin, providerProcessor, type Target } from '../../bench/throughput/target.ts';
import { defineScenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';

const times = 5;
const closedConnections = 16;
/** For each process: more than requests may wait in line. */
const openConnections = 1_200;
const everyProcessor = '0-1';

/** Sends to both processes in turn, without the balancer, which could do less than they. */
async function createClients({ servers }: Stage, connections: number): Promise<RawClient> {
  const clients = await Promise.all(servers.map(({ port }) => createRawClient(port, connections)));
  let turn = 0;
  return {
    send: (request) => clients[(turn += 1) % clients.length]!.send(request),
    close: () => clients.forEach((client) => client.close()),
  };
}

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

export const overload = defineScenario({
  name: 'overload',
  maxSeconds: 400,
  sizes: { full: { seconds: 10 }, quick: { seconds: 3 } },
  async run(stage, { seconds }) {
    const target = targetOf(stage);
    const pids = [...stage.servers.map(({ pid }) => pid), stage.postgres.pid!];
    const loads = [tokenLoad(target), await silentLoad(target), startLoad(target), keysLoad(target)];
    for (const pid of pids) pin(pid, providerProcessor);
    pin(process.pid, driverProcessor);
    const goodput: number[] = [];
    const notes: string[] = [];
    for (const load of loads) {
      const few = await createClients(stage, closedConnections);
      const connections = closedConnections * stage.servers.length;
      await driveClosed(few, load, connections, seconds / 3);
      const closed = await driveClosed(few, load, connections, seconds);
      few.close();
      const capacity = closed.done.length / closed.seconds;
      const many = await createClients(stage, openConnections);
      const { done, seconds: taken, others } = await driveOpen(many, load, times * capacity, seconds);
      many.close();
      const share = done.length / taken / capacity;
      goodput.push(share);
      const wrong = [...others].map(([status, count]) => `, ${count} × ${status}`).join('');
      notes.push(`${load.name}: ${(share * 100).toFixed(0)} % of ${capacity.toFixed(0)}/s${wrong}`);
    }
    for (const pid of [...pids, process.pid]) pin(pid, everyProcessor);
    return { what: `${times} × what both processes can do, ${seconds} s of each kind of request`, goodput, notes };
  },
});
