/** Applies `migrations/*.sql` and the migrations of the job queue, in order, each one once. */
import { runner } from 'node-pg-migrate';
import { join } from 'node:path';
import { migrateJobs } from './jobs.ts';

const folder = join(import.meta.dirname, '../../migrations');

/**
 * Applies the migrations that the database lacks. Of several processes at once, one applies them and the others wait for
 * an advisory lock.
 *
 * @returns the names of the migrations that were applied now
 */
export async function migrate(url: string): Promise<string[]> {
  const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const applied = await runner({
    databaseUrl: url,
    dir: join(folder, '*.sql'),
    useGlob: true,
    direction: 'up',
    migrationsTable: 'migrations',
    advisoryLockMode: 'wait',
    logger: quiet,
  });
  await migrateJobs(url);
  return applied.map(({ name }) => name);
}
