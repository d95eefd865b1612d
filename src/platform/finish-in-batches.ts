/** Finishes work that is listed in the database, in batches, while other processes do the same. */
import { setTimeout as sleep } from 'node:timers/promises';

/** `taken`: another process does this work, or it is finished. */
export type BatchOutcome = 'continued' | 'taken';

export interface BatchedWork {
  /** Ids of the works that are not finished. */
  list: () => Promise<string[]>;
  /** Does one batch of a work. */
  finishBatch: (id: string) => Promise<BatchOutcome>;
  /** Whether to wait until other processes have finished their works. */
  isAwaited: boolean;
  /** Stops after the current batch when it is aborted. */
  signal?: AbortSignal | undefined;
}

const waitMilliseconds = 100;

/** Does a batch of each work in turn, so that a large one does not delay the others. @throws the first error, at the end */
export async function finishInBatches(work: BatchedWork): Promise<void> {
  const { list, finishBatch, isAwaited, signal = new AbortController().signal } = work;
  const failed = new Map<string, unknown>();
  while (!signal.aborted) {
    const ids = (await list()).filter((id) => !failed.has(id));
    let hasContinued = false;
    for (const id of ids) {
      const outcome = await finishBatch(id).catch((error: unknown) => void failed.set(id, error));
      hasContinued ||= outcome === 'continued';
      if (signal.aborted) return;
    }
    if (ids.length === 0 || (!hasContinued && !isAwaited)) break;
    if (!hasContinued) await sleep(waitMilliseconds);
  }
  for (const error of failed.values()) throw error;
}
