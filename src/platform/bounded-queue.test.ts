/** Which tasks run, wait and are refused, and in which order. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createQueue, type BoundedQueue, type Place, type QueueOptions } from './bounded-queue.ts';
import { givingUpPlace, runAsRequest } from './current-request.ts';

const minute = 60_000;
const queueOf = (more: Partial<QueueOptions> = {}): BoundedQueue =>
  createQueue({ concurrency: 1, maxWaiting: 100, maxWaitMilliseconds: minute, ...more });
const problemOf = (entering: Promise<Place>) =>
  entering.then(
    () => 'none',
    (error: { problem: string }) => error.problem,
  );

test('as many tasks run at a time as `concurrency` says, and the others follow in order', async () => {
  const queue = queueOf({ concurrency: 2 });
  const places = [await queue.enter(), await queue.enter()];
  const started: number[] = [];
  const waiting = [1, 2, 3].map((name) => queue.run(async () => void started.push(name)));
  await sleep(1);
  expect([queue.running, queue.waiting, started]).toEqual([2, 3, []]);
  places[0]!.leave();
  await Promise.all(waiting);
  expect([queue.running, started]).toEqual([1, [1, 2, 3]]);
});

test('a place is given on when the work fails', async () => {
  const queue = queueOf();
  await expect(queue.run(async () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
  expect(queue.running).toBe(0);
});

test('a lower rank is first in line, and no rank waits for ever', async () => {
  const queue = queueOf({ ranks: 2 });
  const place = await queue.enter();
  const started: string[] = [];
  const join = (rank: number) => queue.run(async () => void started.push(String(rank)), { rank });
  const waiting = [1, 1, 0, 0, 0, 0, 0, 0, 0, 0].map((rank) => join(rank));
  place.leave();
  await Promise.all(waiting);
  // Each fifth place goes to who has waited longest.
  expect(started.join('')).toBe('1000010000');
});

test('more than may wait are refused at once', async () => {
  const queue = queueOf({ maxWaiting: 2 });
  await queue.enter();
  const clients = new AbortController();
  const waiting = [1, 2].map(() => problemOf(queue.enter({ signal: clients.signal })));
  expect(queue.isFull()).toBe(true);
  expect(await problemOf(queue.enter())).toBe('full');
  expect(queue.waiting).toBe(2);
  clients.abort();
  expect(await Promise.all(waiting)).toEqual(['gone', 'gone']);
});

test('what would wait too long is refused at once', async () => {
  const queue = queueOf({ maxWaitMilliseconds: 1_000, expectedMilliseconds: 300 });
  await queue.enter();
  const waiting = [queue.enter(), queue.enter()];
  expect(await problemOf(queue.enter())).toBe('full');
  expect(await Promise.all(waiting.map(problemOf))).toEqual(['late', 'late']);
});

test('a rank is refused by who is before it, not behind', async () => {
  const queue = queueOf({ maxWaitMilliseconds: 1_000, expectedMilliseconds: 300, ranks: 2 });
  await queue.enter();
  const waiting = [queue.enter({ rank: 1 }), queue.enter({ rank: 1 })];
  expect([queue.isFull(1), queue.isFull(0)]).toEqual([true, false]);
  expect(await Promise.all(waiting.map(problemOf))).toEqual(['late', 'late']);
});

test('a rank that others overtake is refused at once, when its own tasks would wait too long', async () => {
  const queue = queueOf({ ranks: 2, maxWaitMilliseconds: 200 });
  let place = await queue.enter();
  const start = async (rank: number) => {
    const next = queue.enter({ rank, mayWaitLong: true });
    place.leave();
    place = await next;
  };
  // The first start is one of those that go to the task that has waited longest.
  await start(0);
  const overtaken = queue.enter({ rank: 1, mayWaitLong: true });
  expect(queue.isFull(1)).toBe(false);
  for (let count = 0; count < 3; count += 1) {
    await sleep(60);
    await start(0);
  }
  expect([queue.isFull(0), queue.isFull(1)]).toEqual([false, true]);
  place.leave();
  await overtaken;
  expect(queue.isFull(1)).toBe(false);
});

test('who has left does not run', async () => {
  const queue = queueOf();
  const place = await queue.enter();
  const client = new AbortController();
  let hasRun = false;
  const waiting = queue.run(async () => void (hasRun = true), { signal: client.signal });
  client.abort();
  await expect(waiting).rejects.toMatchObject({ problem: 'gone' });
  place.leave();
  expect(await problemOf(queue.enter({ signal: client.signal }))).toBe('gone');
  expect([queue.running, queue.waiting, hasRun]).toEqual([0, 0, false]);
});

test('a request gives up its place while it waits for other work', async () => {
  const queue = queueOf();
  const place = await queue.enter();
  const request = { place, signal: new AbortController().signal };
  const runningCounts: number[] = [];
  await runAsRequest(request, async () => {
    await givingUpPlace(() => queue.run(async () => void runningCounts.push(queue.running)));
    runningCounts.push(queue.running);
    // Work that ends later than the request has no place to give up.
    place.leave();
    await givingUpPlace(async () => void runningCounts.push(queue.running));
  });
  expect([...runningCounts, queue.running]).toEqual([1, 1, 0, 0]);
});
