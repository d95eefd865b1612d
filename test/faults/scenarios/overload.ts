/** Five times as many requests as both processes can serve, of several kinds together, then of each alone. */
import type { SystemUnderTest } from '../../bench/overload/capacity.ts';
import {
  jointCapacity,
  loadFactor,
  measureCapacities,
  mergeResults,
  sendFlood,
  shareAchieved,
} from '../../bench/overload/flood.ts';
import { keysLoad, silentSignInLoad, signInPageLoad, tokenLoad, type Load } from '../../bench/overload/loads.ts';
import { createRawClient, type RawClient } from '../../bench/overload/raw-client.ts';
import { driverProcessor, pin, providerProcessor, type Target } from '../../bench/throughput/target.ts';
import { childrenOf, cpuOf } from '../../support/process-usage.ts';
import { defineScenario, type ScenarioContext } from '../scenario.ts';
import type { Deployment } from '../deployment.ts';

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
 * Sends five times what the processes can serve. The driver pauses while that is measured, since its requests are of
 * other kinds, and goes on during a second flood, for the comparison with the ledger.
 *
 * @returns the share of the capacity that was achieved, and a line with the figures
 */
async function flood(
  context: ScenarioContext,
  loads: readonly Load[],
  seconds: number,
): Promise<{ share: number; note: string }> {
  const { driver } = context;
  const system = systemOf(context);
  await driver.pause();
  const before = await measureCapacities(system, loads, seconds);
  const client = await system.connect(openConnections);
  const sent = await sendFlood(system, client, loads, before, seconds);
  const share = shareAchieved(sent, before, await measureCapacities(system, loads, seconds));
  driver.resume();
  await sendFlood(system, client, loads, before, seconds);
  client.close();
  const { others } = mergeResults(sent.results);
  const name = loads.map((load) => load.name).join(' and ');
  const figures = `${(share * 100).toFixed(0)} % of ${jointCapacity(before).toFixed(0)}/s`;
  return {
    share,
    note: [`${name}: ${figures}`, ...[...others].map(([status, count]) => `${count} × ${status}`)].join(', '),
  };
}

export const overload = defineScenario({
  name: 'overload',
  maxSeconds: 900,
  sizes: { full: { seconds: 10 }, quick: { seconds: 3 } },
  async run(context, { seconds }) {
    const target = targetOf(context);
    const mixed = [tokenLoad(target), await silentSignInLoad(target), signInPageLoad(target)];
    const alone = [...mixed, keysLoad(target)];
    const measured = pidsOf(context).flatMap((pid) => [pid, ...childrenOf(pid)]);
    for (const pid of measured) pin(pid, providerProcessor);
    pin(process.pid, driverProcessor);
    const together = await flood(context, mixed, seconds);
    const notes = [together.note];
    for (const load of alone) notes.push((await flood(context, [load], seconds)).note);
    for (const pid of [...measured, process.pid]) pin(pid, everyProcessor);
    return {
      what: `${loadFactor} × what both processes can serve: tokens, sign-ins and sign-in pages, ${seconds} s together and each alone`,
      goodput: [together.share],
      notes,
    };
  },
});
