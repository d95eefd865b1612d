/** One app's logout endpoint never responds, and the name of another's is not resolved; a third goes on. */
import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../../bench/report.ts';
import { secondHost } from '../population.ts';
import { defineScenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';

/** Milliseconds from a sign-out to the notification of an app that works, at the 99th percentile. */
const maxDelay = 2_000;

/** Milliseconds until the app that works was notified of each end that was acknowledged in this time. */
function delaysOf({ world: { ledger, receivers, first } }: Stage, begin: number, end: number): number[] {
  const received = new Map(receivers.get(first.id)!.received.map(({ at, claims }) => [claims['sid'], at]));
  return ledger
    .facts('notification')
    .filter(({ clientId, at }) => clientId === first.id && at >= begin && at < end)
    .map(({ sid, at }) => Math.max(0, (received.get(sid) ?? Infinity) - at));
}

export const receivers = defineScenario({
  name: 'receivers',
  maxSeconds: 400,
  sizes: { full: { seconds: 120 }, quick: { seconds: 15 } },
  async run(stage, { seconds }) {
    const { world, nameServer } = stage;
    const { third } = world;
    nameServer.zone[secondHost] = 'silent';
    world.receivers.get(third.id)!.answerWith(0);
    const begin = Date.now();
    await sleep(seconds * 1000);
    const end = Date.now();
    nameServer.zone[secondHost] = ['127.0.0.1'];
    world.receivers.get(third.id)!.answerWith(200);
    // The last ones may be on their way.
    await sleep(maxDelay);
    const delays = delaysOf(stage, begin, end);
    const p99 = percentile(delays, 0.99);
    return {
      what: `an app that never responds and one whose name is not resolved (DNS silent), for ${seconds} s`,
      notes: [`the app that works was notified within ${p99.toFixed(0)} ms (p99 of ${delays.length})`],
      broken: p99 <= maxDelay ? [] : [`the app that works was notified after ${p99.toFixed(0)} ms`],
    };
  },
});
