/** `frontdesk migrate`: applies the migrations without starting the server. */
import { loadConfig } from '../config.ts';
import { startEmbeddedPostgres } from '../platform/embedded-postgres.ts';
import { migrate as applyMigrations } from '../platform/migrate.ts';
import type { Command } from './command.ts';

export const migrate: Command = {
  name: 'migrate',
  about: 'Apply the migrations that the database lacks, and print their names. The server does so when it starts.',
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
