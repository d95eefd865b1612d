/** `frontdesk migrate`: prepares the database without starting the server. */
import { loadConfig } from '../config.ts';
import type { Command } from './command.ts';
import { openForCommand } from './with-base.ts';

export const migrate: Command = {
  name: 'migrate',
  about:
    'Prepare the database: apply the migrations that it lacks, and print their names. The server applies them when it starts.',
  async run({ io }) {
    const base = await openForCommand(io, loadConfig(io.environment), true);
    await base.close();
    const { applied, config } = base;
    io.out(applied.length === 0 ? 'The database is up to date.' : `Applied: ${applied.join(', ')}`);
    // The issuer is printed as after every command that changes the database (run-command.ts).
    io.error(`at ${config.issuer}`);
  },
};
