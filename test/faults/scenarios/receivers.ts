/** The logout endpoint of one app never responds, and the host of another's is not resolved; that of a third works. */
import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../../bench/report.ts';
import { siteBHost } from '../population.ts';
import { defineScenario } from '../scenario.ts';
import type { Deployment } from '../deployment.ts';

/** Maximum of the 99th percentile, in milliseconds from a sign-out to the notification of the app that works. */
const maxDelay = 2_000;

/** For each sign-out acknowledged in this time: milliseconds until the app that works was notified. */
function delaysOf({ world: { ledger, receivers, siteA } }: Deployment, begin: number, end: number): number[] {
  const received = new Map(receivers.get(siteA.id)!.received.map(({ at, claims }) => [claims['sid'], at]));
  return ledger
    .facts('notification')
    .filter(({ clientId, at }) => clientId === siteA.id && at >= begin && at < end)
    .map(({ sid, at }) => Math.max(0, (received.get(sid) ?? Infinity) - at));
}

export const receivers = defineScenario({
  name: 'receivers',
  maxSeconds: 400,
  sizes: { full: { seconds: 120 }, quick: { seconds: 15 } },
  async run(deployment, { seconds }) {
    const { world, nameServer } = deployment;
    const { siteC } = world;
    nameServer.zone[siteBHost] = 'silent';
    world.receivers.get(siteC.id)!.answerWith(0);
    const begin = Date.now();
    await sleep(seconds * 1000);
    const end = Date.now();
    nameServer.zone[siteBHost] = ['127.0.0.1'];
    world.receivers.get(siteC.id)!.answerWith(200);
    // The last notices may not be delivered yet.
    await sleep(maxDelay);
    const delays = delaysOf(deployment, begin, end);
    const p99 = percentile(delays, 0.99);
    return {
      what: `an app that never responds and one whose name is not resolved (DNS silent), for ${seconds} s`,
      notes: [`the app that works was notified within ${p99.toFixed(0)} ms (p99 of ${delays.length})`],
      failures:
        p99 <= maxDelay ? [] : [`the app that works was notified after ${p99.toFixed(0)} ms, not ${maxDelay} at most`],
    };
  },
});
