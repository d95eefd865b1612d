/** `frontdesk migrate`: brings the database up to date, without starting the server. */
import { migrate as applyMigrations } from '../platform/migrate.ts';
import { loadConfig } from '../config.ts';
import { startEmbeddedPostgres } from '../platform/embedded-postgres.ts';
import type { Command } from './command.ts';

export const migrate: Command = {
  name: 'migrate',
  about: 'Bring the database up to date and say what was applied. The server does so by itself when it starts.',
  async run({ io }) {
    const { databaseUrl, dataFolder, runtimeFolder } = loadConfig(io.environment);
    const embedded = databaseUrl ? undefined : await startEmbeddedPostgres(dataFolder, runtimeFolder, 'command');
    try {
      const applied = await applyMigrations(embedded?.url ?? databaseUrl!);
      io.out(applied.length === 0 ? 'The database is up to date.' : `Applied: ${applied.join(', ')}`);
    } finally {
      await embedded?.stop();
    }
  },
};
