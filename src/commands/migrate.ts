/** `frontdesk migrate`: prepares the database without starting the server. */
import { openBase } from '../base.ts';
import { loadConfig } from '../config.ts';
import { createLog } from '../platform/log.ts';
import type { Command } from './command.ts';

export const migrate: Command = {
  name: 'migrate',
  about: 'Prepare the database: apply the migrations that it lacks, and print their names. The server does so too.',
  async run({ io }) {
    const log = createLog('silent');
    const base = await openBase(loadConfig(io.environment), { role: 'command', log, mayCreate: true });
    await base.close();
    const { applied, config } = base;
    io.out(applied.length === 0 ? 'The database is up to date.' : `Applied: ${applied.join(', ')}`);
    io.error(`at ${config.issuer}`);
  },
};
