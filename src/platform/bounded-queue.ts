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

const bySince = (a: Waiting, b: Waiting): number => a.since - b.since;

/** Every fifth start goes to the task that has waited longest, whatever its rank, so that no rank waits for ever. */
const fairStart = 5;
/** Weight of the newest interval between two starts in their moving average. */
const weight = 0.02;
/** A task with a longer expected wait than this share of the maximum is refused, since the estimate may be too short. */
const maxExpectedShare = 0.7;

export function createQueue(options: QueueOptions): BoundedQueue {
  const { concurrency, maxWaiting, maxWaitMilliseconds, expectedMilliseconds = 10, ranks = 1 } = options;
  const lines = Array.from({ length: ranks }, () => new Set<Waiting>());
  let running = 0;
  let starts = 0;
  /** Milliseconds between two starts while tasks wait. */
  let interval = expectedMilliseconds / concurrency;
  let startedAt = 0;

  const firstOfLines = () =>
    lines.flatMap((line) => {
      const { value, done } = line.values().next();
      return done ? [] : [value];
    });
  const countAhead = (rank: number) => lines.slice(0, rank + 1).reduce((sum, line) => sum + line.size, 0);

  function isFull(rank = 0): boolean {
    if (running < concurrency) return false;
    // `sinceStart` grows while no task ends, so that no task joins a queue that does not move.
    const [first] = firstOfLines().toSorted(bySince);
    const sinceStart = first ? performance.now() - Math.max(startedAt, first.since) : 0;
    return (
      countAhead(ranks) >= maxWaiting ||
      (countAhead(rank) + 1) * interval + sinceStart > maxExpectedShare * maxWaitMilliseconds
    );
  }

  function nextInLine(): Waiting | undefined {
    const firsts = firstOfLines();
    return starts % fairStart === 0 ? firsts.toSorted(bySince)[0] : firsts[0];
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
        line.delete(waiting);
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
          interval += weight * (now - Math.max(startedAt, waiting.since) - interval);
          startedAt = now;
          running += 1;
          resolve();
        },
      };
      const timer = mayWaitLong ? undefined : setTimeout(() => refuse('late'), maxWaitMilliseconds);
      signal?.addEventListener('abort', giveUp);
      line.add(waiting);
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
