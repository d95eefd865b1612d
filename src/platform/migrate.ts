/** Applies `migrations/*.sql` and the migrations of the job queue, in order, each of them once. */
import { runner } from 'node-pg-migrate';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openPool, type Pool } from './pool.ts';
import { migrateJobs } from './jobs.ts';

const folder = join(import.meta.dirname, '../../migrations');

/** Names of the migrations of this release. */
export const knownMigrations = (): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .map((name) => name.replace(/\.sql$/, ''));

/**
 * Applies the migrations that the database lacks. When several processes start at once, one applies them while the
 * others wait for an advisory lock.
 *
 * @returns the names of the migrations of `migrations/` that this call applied
 */
export async function migrate(url: string): Promise<string[]> {
  // A pool with an error listener: a connection that breaks while it closes must not end the process.
  const pool = openPool(url, 2, () => {});
  try {
    const applied = await applyMigrations(pool);
    await migrateJobs(pool);
    return applied;
  } finally {
    await pool.end();
  }
}

async function applyMigrations(pool: Pool): Promise<string[]> {
  const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const dbClient = await pool.connect();
  const applied = await runner({
    dbClient,
    dir: join(folder, '*.sql'),
    useGlob: true,
    direction: 'up',
    migrationsTable: 'migrations',
    advisoryLockMode: 'wait',
    logger: quiet,
  }).finally(() => dbClient.release());
  return applied.map(({ name }) => name);
}
