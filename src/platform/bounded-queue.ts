/** Runs a few things at a time; others wait in line, and what would wait too long is refused at once. */

/** `full`: it would wait too long; `late`: it has; `gone`: its signal was aborted meanwhile. */
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
  /** How many run at a time. */
  concurrency: number;
  maxWaiting: number;
  maxWaitMilliseconds: number;
  /** How long one takes, until this is measured. */
  expectedMilliseconds?: number;
  /** Number of ranks; 1 by default. Those of rank 0 are first in line. */
  ranks?: number;
}

export interface EnterOptions {
  rank?: number;
  /** Aborted when nobody needs the result any more. */
  signal?: AbortSignal | undefined;
  /** Waits however long the line is. */
  mayWaitLong?: boolean;
}

/** One of the places for what runs. */
export interface Place {
  /** Gives the place to the next in line, until `resume`. */
  pause(): void;
  /** Takes a place again without waiting, also when none is free. */
  resume(): void;
  leave(): void;
}

export interface BoundedQueue {
  /** @throws QueueRefused */
  enter(options?: EnterOptions): Promise<Place>;
  /** Runs `work` when it has a place. @throws QueueRefused */
  run<T>(work: () => Promise<T>, options?: EnterOptions): Promise<T>;
  /** Whether a newcomer is refused now. */
  isFull(rank?: number): boolean;
  readonly running: number;
  readonly waiting: number;
}

interface Waiting {
  since: number;
  start(): void;
}

const bySince = (one: Waiting, other: Waiting): number => one.since - other.since;

/** One start in so many is that of the longest waiting one of any rank, so that no rank waits for ever. */
const fairStart = 5;
/** Weight of the newest interval between two starts in their moving average. */
const weight = 0.05;

export function createQueue(options: QueueOptions): BoundedQueue {
  const { concurrency, maxWaiting, maxWaitMilliseconds, expectedMilliseconds = 10, ranks = 1 } = options;
  const lines = Array.from({ length: ranks }, () => new Set<Waiting>());
  let running = 0;
  let starts = 0;
  /** Milliseconds between two starts while somebody waits. */
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
    // Grows while nothing ends, so that nobody joins a line that stands still.
    const [first] = firstOfLines().toSorted(bySince);
    const sinceStart = first ? performance.now() - Math.max(startedAt, first.since) : 0;
    return countAhead(ranks) >= maxWaiting || (countAhead(rank) + 1) * interval + sinceStart > maxWaitMilliseconds;
  }

  function nextInLine(): Waiting | undefined {
    const firsts = firstOfLines();
    return starts % fairStart === 0 ? firsts.toSorted(bySince)[0] : firsts[0];
  }

  /** Gives a place that became free to the next in line. */
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
    let isHeld = true;
    const free = () => {
      if (!isHeld) return;
      isHeld = false;
      running -= 1;
      startNext();
    };
    return {
      pause: free,
      resume() {
        if (isHeld) return;
        isHeld = true;
        running += 1;
      },
      leave: free,
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
