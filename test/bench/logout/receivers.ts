/** Three apps with back-channel logout: one always works, one fails at random, one is down for a while. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startReceiver, type Receiver } from '../../support/receiver.ts';

export const receiverNames = ['healthy', 'unsteady', 'down'] as const;
export type ReceiverName = (typeof receiverNames)[number];
export type Receivers = Record<ReceiverName, Receiver>;

/** Of twenty requests two get 500, one 503, and one no response (0). */
const unsteadyStatuses = [500, 500, 503, 0, ...Array.from({ length: 16 }, () => 200)];

export async function startReceivers(issuer: string): Promise<Receivers> {
  const [healthy, unsteady, down] = await Promise.all(receiverNames.map((name) => startReceiver(issuer, name)));
  unsteady!.answerWith(() => unsteadyStatuses[Math.floor(Math.random() * unsteadyStatuses.length)]!);
  return { healthy: healthy!, unsteady: unsteady!, down: down! };
}

/**
 * Takes the app down for three tenths of a run, from its first fifth on: first it never responds, then it refuses
 * connections.
 *
 * @param seconds length of the run
 * @returns when the app was up again (`Date.now()`)
 */
export async function takeDown({ down }: Receivers, seconds: number): Promise<number> {
  const milliseconds = seconds * 1000;
  await sleep(0.2 * milliseconds);
  down.answerWith(0);
  await sleep(0.15 * milliseconds);
  await down.stop();
  await sleep(0.15 * milliseconds);
  down.answerWith(200);
  await down.start();
  return Date.now();
}
