/** Brings the database to the shape the program needs: applies `migrations/*.sql` in order, once each. */
import { runner } from 'node-pg-migrate';
import { join } from 'node:path';
import { migrateJobs } from './jobs.ts';

const folder = join(import.meta.dirname, '../../migrations');

/**
 * Applies what is missing. Several processes may start at once: the others wait for the first (advisory lock).
 *
 * @returns the names of the migrations applied now
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
