/** Five times as many requests as both processes can serve, one kind of request after the other. */
import { measureCapacity, meanOf, shareOfCpu, type SystemUnderTest } from '../../bench/overload/capacity.ts';
import { driveOpen } from '../../bench/overload/drive.ts';
import { keysLoad, silentSignInLoad, signInPageLoad, tokenLoad, type Load } from '../../bench/overload/loads.ts';
import { createRawClient, type RawClient } from '../../bench/overload/raw-client.ts';
import { driverProcessor, pin, providerProcessor, type Target } from '../../bench/throughput/target.ts';
import { childrenOf, cpuOf } from '../../support/process-usage.ts';
import { defineScenario, type ScenarioContext } from '../scenario.ts';
import type { Deployment } from '../deployment.ts';

const loadFactor = 5;
/** More than the request queues of both processes hold. */
const openConnections = 2_400;
const everyProcessor = '0-1';

const pidsOf = ({ servers, postgres }: Deployment): number[] => [...servers.map(({ pid }) => pid), postgres.pid!];

/** Sends to both processes in turn, not through the load balancer, which would be the bottleneck. */
const systemOf = (deployment: Deployment): SystemUnderTest => ({
  async connect(connections) {
    const { servers } = deployment;
    const clients: RawClient[] = [];
    for (const { port } of servers) clients.push(await createRawClient(port, connections / servers.length));
    let turn = 0;
    return {
      send: (request) => clients[(turn += 1) % clients.length]!.send(request),
      close: () => clients.forEach((client) => client.close()),
    };
  },
  cpu: () => pidsOf(deployment).reduce((sum, pid) => sum + cpuOf(pid), 0),
});

function targetOf({ world, servers, postgres }: Deployment): Target {
  const { issuer, siteA, machine } = world;
  return {
    name: 'both processes',
    issuer,
    port: Number(new URL(issuer).port),
    pid: servers[0]!.pid,
    databasePid: postgres.pid,
    app: siteA,
    machine,
    hasPasswords: true,
    close: async () => {},
  };
}

/**
 * Sends one kind of request at five times the capacity. The driver pauses while that is measured, since its requests are
 * of other kinds, and goes on during a second flood, for the comparison with the ledger.
 *
 * @returns the share of the capacity that was achieved, and a line with the figures
 */
async function flood(context: ScenarioContext, load: Load, seconds: number): Promise<{ share: number; note: string }> {
  const { driver } = context;
  const system = systemOf(context);
  await driver.pause();
  const before = await measureCapacity(system, load, seconds);
  const client = await system.connect(openConnections);
  const start = system.cpu();
  const result = await driveOpen(client, load, loadFactor * before.perSecond, seconds);
  const cpu = system.cpu() - start;
  const share = shareOfCpu(result, cpu, meanOf(before, await measureCapacity(system, load, seconds)));
  driver.resume();
  await driveOpen(client, load, loadFactor * before.perSecond, seconds);
  client.close();
  const others = [...result.others].map(([status, count]) => `, ${count} × ${status}`).join('');
  return { share, note: `${load.name}: ${(share * 100).toFixed(0)} % of ${before.perSecond.toFixed(0)}/s${others}` };
}

export const overload = defineScenario({
  name: 'overload',
  maxSeconds: 400,
  sizes: { full: { seconds: 10 }, quick: { seconds: 3 } },
  async run(context, { seconds }) {
    const target = targetOf(context);
    const loads = [tokenLoad(target), await silentSignInLoad(target), signInPageLoad(target), keysLoad(target)];
    const measured = pidsOf(context).flatMap((pid) => [pid, ...childrenOf(pid)]);
    for (const pid of measured) pin(pid, providerProcessor);
    pin(process.pid, driverProcessor);
    const goodput: number[] = [];
    const notes: string[] = [];
    for (const load of loads) {
      const { share, note } = await flood(context, load, seconds);
      goodput.push(share);
      notes.push(note);
    }
    for (const pid of [...measured, process.pid]) pin(pid, everyProcessor);
    return {
      what: `${loadFactor} × what both processes can serve, ${seconds} s of each kind of request`,
      goodput,
      notes,
    };
  },
});
