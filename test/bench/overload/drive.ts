/** A closed loop, which finds out what the server can do, and an open one, which sends more whatever comes back. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Load } from './loads.ts';
import type { RawClient, RawReply } from './raw-client.ts';

export interface Driven {
  sent: number;
  seconds: number;
  /** Milliseconds of the responses that did what was asked; `late`: those after the last request was sent. */
  done: number[];
  late: number[];
  /** Milliseconds of the refusals: 503. */
  refused: number[];
  /** Other responses, and broken connections, by status. */
  others: Map<number, number>;
}

const tickMilliseconds = 5;

function record(driven: Driven, load: Load, { status, milliseconds }: RawReply, isInTime = true): void {
  if (load.isDone(status)) (isInTime ? driven.done : driven.late).push(milliseconds);
  else if (status === 503) driven.refused.push(milliseconds);
  else driven.others.set(status, (driven.others.get(status) ?? 0) + 1);
}

const start = (): Driven => ({ sent: 0, seconds: 0, done: [], late: [], refused: [], others: new Map() });

/** Each of the connections sends its next request when it has a response. */
export async function driveClosed(
  client: RawClient,
  load: Load,
  connections: number,
  seconds: number,
): Promise<Driven> {
  const driven = start();
  const begin = performance.now();
  const until = begin + seconds * 1000;
  const run = async () => {
    while (performance.now() < until) {
      driven.sent += 1;
      record(driven, load, await client.send(load.next()));
    }
  };
  await Promise.all(Array.from({ length: connections }, run));
  driven.seconds = (performance.now() - begin) / 1000;
  return driven;
}

/** Sends so many requests a second. */
export async function driveOpen(client: RawClient, load: Load, perSecond: number, seconds: number): Promise<Driven> {
  const driven = start();
  const begin = performance.now();
  const end = begin + seconds * 1000;
  const replies: Promise<void>[] = [];
  for (;;) {
    const elapsed = performance.now() - begin;
    if (elapsed >= seconds * 1000) break;
    for (const due = (elapsed / 1000) * perSecond; driven.sent < due; driven.sent += 1) {
      const replied = client.send(load.next());
      replies.push(replied.then((reply) => record(driven, load, reply, performance.now() < end)));
    }
    await sleep(tickMilliseconds);
  }
  driven.seconds = (performance.now() - begin) / 1000;
  await Promise.all(replies);
  return driven;
}
