/** A queue that runs a few tasks at a time, lets others wait, and refuses a task at once that would wait too long. */

/** `full`: the task would wait too long; `late`: it has waited too long; `gone`: its signal was aborted. */
export type QueueProblem = 'full' | 'late' | 'gone';

export class QueueRefused extends Error {
  override readonly name = 'QueueRefused';
  readonly problem: QueueProblem;
  constructor(problem: QueueProblem) {
    super(problem);
    this.problem = problem;
  }
}

export interface QueueOptions {
  /** Maximum number of tasks that run at a time. */
  concurrency: number;
  maxWaiting: number;
  maxWaitMilliseconds: number;
  /** Expected duration of a task, used until it is measured. */
  expectedMilliseconds?: number;
  /** Number of ranks; 1 by default. Tasks of rank 0 come first. */
  ranks?: number;
}

export interface EnterOptions {
  rank?: number;
  /** Aborted when nobody needs the result any more. */
  signal?: AbortSignal | undefined;
  /** Whether the task is never refused, however long it waits. */
  mayWaitLong?: boolean;
}

/** The place of a running task: one of `concurrency`. */
export interface Place {
  /** Gives the place to the next waiting task, until `resume`. */
  pause(): void;
  /** Takes a place again without waiting, also when none is free. */
  resume(): void;
  /** Gives the place to the next waiting task for good. */
  leave(): void;
}

export interface BoundedQueue {
  /** Waits for a place. @throws QueueRefused */
  enter(options?: EnterOptions): Promise<Place>;
  /** Runs `work` when it has a place. @throws QueueRefused */
  run<T>(work: () => Promise<T>, options?: EnterOptions): Promise<T>;
  /** Whether a new task of this rank would be refused now. */
  isFull(rank?: number): boolean;
  readonly running: number;
  readonly waiting: number;
}

interface Waiting {
  since: number;
  start(): void;
}

/** Milliseconds between two starts while tasks wait. */
interface Pace {
  /** Moving average. */
  interval: number;
  /** When the last task started (`performance.now()`). */
  startedAt: number;
}

/** The tasks of one rank that wait. */
interface Line {
  tasks: Set<Waiting>;
  pace: Pace;
}

/** Every fifth start goes to the task that has waited longest, whatever its rank, so that no rank waits for ever. */
const fairStart = 5;
/** Weight of the newest interval between two starts in their moving average. */
const weight = 0.02;
/** A task with a longer expected wait than this share of the maximum is refused, since the estimate may be too short. */
const maxExpectedShare = 0.7;

export function createQueue(options: QueueOptions): BoundedQueue {
  const { concurrency, maxWaiting, maxWaitMilliseconds, expectedMilliseconds = 10, ranks = 1 } = options;
  const newPace = (): Pace => ({ interval: expectedMilliseconds / concurrency, startedAt: 0 });
  const lines = Array.from({ length: ranks }, (): Line => ({ tasks: new Set(), pace: newPace() }));
  const paceOfAll = newPace();
  const maxExpected = maxExpectedShare * maxWaitMilliseconds;
  let running = 0;
  let starts = 0;

  const firstOf = ({ tasks }: Line): Waiting | undefined => tasks.values().next().value;

  /** The task that has waited longest. */
  function findOldest(): Waiting | undefined {
    let oldest: Waiting | undefined;
    for (const line of lines) {
      const first = firstOf(line);
      if (first && (!oldest || first.since < oldest.since)) oldest = first;
    }
    return oldest;
  }
  const countAhead = (rank: number) => lines.slice(0, rank + 1).reduce((sum, { tasks }) => sum + tasks.size, 0);

  /** Milliseconds that a task would wait behind `ahead` others, of which `first` has waited longest. */
  function expectedWait({ interval, startedAt }: Pace, ahead: number, first: Waiting | undefined): number {
    // This grows while no task starts, so that no task joins a queue that does not move.
    const sinceStart = first ? performance.now() - Math.max(startedAt, first.since) : 0;
    return (ahead + 1) * interval + sinceStart;
  }

  function isFull(rank = 0): boolean {
    if (running < concurrency) return false;
    if (countAhead(ranks) >= maxWaiting) return true;
    if (expectedWait(paceOfAll, countAhead(rank), findOldest()) > maxExpected) return true;
    // Tasks of other ranks, which come later, may start earlier. One task waits in any case: it shows the pace.
    const { tasks, pace } = lines[rank]!;
    return tasks.size > 0 && expectedWait(pace, tasks.size, firstOf(lines[rank]!)) > maxExpected;
  }

  function noteStart(pace: Pace, { since }: Waiting, now: number): void {
    pace.interval += weight * (now - Math.max(pace.startedAt, since) - pace.interval);
    pace.startedAt = now;
  }

  function nextInLine(): Waiting | undefined {
    if (starts % fairStart === 0) return findOldest();
    const line = lines.find(({ tasks }) => tasks.size > 0);
    return line && firstOf(line);
  }

  /** Starts the next waiting task if a place is free. */
  function startNext(): void {
    const next = running < concurrency ? nextInLine() : undefined;
    if (!next) return;
    starts += 1;
    next.start();
  }

  /** Waits for a place. */
  function wait({ rank = 0, signal, mayWaitLong = false }: EnterOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      const line = lines[rank]!;
      const finish = () => {
        line.tasks.delete(waiting);
        clearTimeout(timer);
        signal?.removeEventListener('abort', giveUp);
      };
      const refuse = (problem: QueueProblem) => {
        finish();
        reject(new QueueRefused(problem));
      };
      const giveUp = () => refuse('gone');
      const waiting: Waiting = {
        since: performance.now(),
        start() {
          finish();
          const now = performance.now();
          for (const pace of [paceOfAll, line.pace]) noteStart(pace, waiting, now);
          running += 1;
          resolve();
        },
      };
      const timer = mayWaitLong ? undefined : setTimeout(() => refuse('late'), maxWaitMilliseconds);
      signal?.addEventListener('abort', giveUp);
      line.tasks.add(waiting);
    });
  }

  function makePlace(): Place {
    let state: 'held' | 'paused' | 'left' = 'held';
    const free = (next: typeof state) => {
      const wasHeld = state === 'held';
      state = next;
      if (!wasHeld) return;
      running -= 1;
      startNext();
    };
    return {
      pause() {
        if (state === 'held') free('paused');
      },
      // Work that a request does not wait for may end later than the request.
      resume() {
        if (state !== 'paused') return;
        state = 'held';
        running += 1;
      },
      leave: () => free('left'),
    };
  }

  async function enter(entering: EnterOptions = {}): Promise<Place> {
    if (entering.signal?.aborted) throw new QueueRefused('gone');
    if (running < concurrency) running += 1;
    else if (!entering.mayWaitLong && isFull(entering.rank)) throw new QueueRefused('full');
    else await wait(entering);
    return makePlace();
  }

  return {
    enter,
    async run(work, entering) {
      const place = await enter(entering);
      try {
        return await work();
      } finally {
        place.leave();
      }
    },
    isFull,
    get running() {
      return running;
    },
    get waiting() {
      return countAhead(ranks);
    },
  };
}
