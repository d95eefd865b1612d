/** Sends load in a closed loop (each connection waits for its response) or in an open one (at a fixed rate). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Load } from './loads.ts';
import type { RawClient, RawReply } from './raw-client.ts';

export interface LoadResult {
  /** Number of requests. */
  sent: number;
  /** From the first request to the last. */
  seconds: number;
  /** Milliseconds of each successful response that came before the load ended. */
  done: number[];
  /** Milliseconds of each successful response that came later. */
  late: number[];
  /** Milliseconds of each 503. */
  refused: number[];
  /** Status → number of all other responses; 0 for broken connections. */
  others: Map<number, number>;
}

const tickMilliseconds = 5;

function record(result: LoadResult, load: Load, { status, milliseconds }: RawReply, isInTime = true): void {
  if (load.isDone(status)) (isInTime ? result.done : result.late).push(milliseconds);
  else if (status === 503) result.refused.push(milliseconds);
  else result.others.set(status, (result.others.get(status) ?? 0) + 1);
}

const emptyResult = (): LoadResult => ({ sent: 0, seconds: 0, done: [], late: [], refused: [], others: new Map() });

/** Closed loop: each of the connections sends its next request when it has a response. */
export async function driveClosed(
  client: RawClient,
  load: Load,
  connections: number,
  seconds: number,
): Promise<LoadResult> {
  const result = emptyResult();
  const begin = performance.now();
  const until = begin + seconds * 1000;
  const run = async () => {
    while (performance.now() < until) {
      result.sent += 1;
      record(result, load, await client.send(load.next()));
    }
  };
  await Promise.all(Array.from({ length: connections }, run));
  result.seconds = (performance.now() - begin) / 1000;
  return result;
}

/** Open loop: sends `perSecond` requests a second, however the server responds, and waits for all responses. */
export async function driveOpen(
  client: RawClient,
  load: Load,
  perSecond: number,
  seconds: number,
): Promise<LoadResult> {
  const result = emptyResult();
  const begin = performance.now();
  const end = begin + seconds * 1000;
  const replies: Promise<void>[] = [];
  for (;;) {
    const elapsed = performance.now() - begin;
    if (elapsed >= seconds * 1000) break;
    for (const due = (elapsed / 1000) * perSecond; result.sent < due; result.sent += 1) {
      const replied = client.send(load.next());
      replies.push(replied.then((reply) => record(result, load, reply, performance.now() < end)));
    }
    await sleep(tickMilliseconds);
  }
  result.seconds = (performance.now() - begin) / 1000;
  await Promise.all(replies);
  return result;
}
