/** The purge of a large database, and what the token endpoint feels of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../../../src/platform/database.ts';
import { purgeExpired } from '../../../src/tokens/purge.ts';
import { percentile } from '../report.ts';
import type { Load } from './load.ts';

export interface PurgedTable {
  name: string;
  rows: number;
  seconds: number;
}

export interface PurgeResult {
  tables: PurgedTable[];
  /** 99th percentile of the responses before and during the purge, in milliseconds. */
  p99Before: number;
  p99Beside: number;
}

/** The servers purge every ten minutes too. @returns once that is further away than the bench takes */
export async function awaitQuietTime(seconds: number): Promise<void> {
  const left = 600 - ((Date.now() / 1000) % 600);
  if (left < seconds) await sleep((left + 5) * 1000);
}

export async function measurePurge(url: string, load: Load, baselineSeconds: number): Promise<PurgeResult> {
  load.take();
  await sleep(baselineSeconds * 1000);
  const p99Before = percentile(load.take(), 0.99);
  const tables = new Map<string, PurgedTable>();
  const db = openDatabase({ url, poolSize: 2, isForJobs: true });
  let start = performance.now();
  try {
    await purgeExpired(db, {
      onBatch(name, { deleted }) {
        const table = tables.get(name) ?? { name, rows: 0, seconds: 0 };
        const now = performance.now();
        tables.set(name, { name, rows: table.rows + deleted, seconds: table.seconds + (now - start) / 1000 });
        start = now;
      },
    });
  } finally {
    await db.close();
  }
  return { tables: [...tables.values()], p99Before, p99Beside: percentile(load.take(), 0.99) };
}
