/** Deletes expired rows, in batches. */
import type { Database } from '../platform/database.ts';
import { purgeBatch, purges, purgeSmallTables, type PurgedBatch } from './purge-repository.ts';

/** A batch takes some hundredths of a second, so that requests that wait for the database do not wait long. */
const batchSize = 1_000;

/** Maximum time for one table in one run, so that the tables after it are purged too. */
const maxSeconds = 120;

export interface PurgeOptions {
  /** Ends the purge after the current batch. */
  signal?: AbortSignal;
  /** Is called after each batch. */
  onBatch?: (name: string, batch: PurgedBatch) => void;
}

async function purgeTable(
  db: Database,
  { name, statement }: (typeof purges)[number],
  { signal = new AbortController().signal, onBatch }: PurgeOptions,
): Promise<void> {
  const deadline = performance.now() + maxSeconds * 1000;
  let position: PurgedBatch['position'] = '-infinity';
  while (!signal.aborted && performance.now() < deadline) {
    const batch = await purgeBatch(db, statement, batchSize, position);
    onBatch?.(name, batch);
    if (batch.read < batchSize) return;
    ({ position } = batch);
  }
}

/**
 * Deletes expired rows, table by table. An error in one table does not stop the purge of the others.
 *
 * @throws AggregateError with the errors of the tables that failed
 */
export async function purgeExpired(db: Database, options: PurgeOptions = {}): Promise<void> {
  const tasks = [...purges.map((purge) => () => purgeTable(db, purge, options)), () => purgeSmallTables(db)];
  const errors: unknown[] = [];
  for (const task of tasks) {
    if (options.signal?.aborted) return;
    await task().catch((error: unknown) => errors.push(error));
  }
  if (errors.length > 0) throw new AggregateError(errors, 'not everything that has expired was deleted');
}
