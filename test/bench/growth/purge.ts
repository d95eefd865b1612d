/** Measures the purge of a large database, and the token endpoint meanwhile. */
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
  /** 99th percentile of the response times before and during the purge, in milliseconds. */
  p99Before: number;
  p99During: number;
}

/** Servers purge every ten minutes. Resolves when the next purge is at least `seconds` away. */
export async function awaitQuietTime(seconds: number): Promise<void> {
  const secondsLeft = 600 - ((Date.now() / 1000) % 600);
  if (secondsLeft < seconds) await sleep((secondsLeft + 5) * 1000);
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
  return { tables: [...tables.values()], p99Before, p99During: percentile(load.take(), 0.99) };
}
