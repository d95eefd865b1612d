/** `frontdesk accounts list`: the newest accounts. */
import { listAccounts as list } from '../../accounts/account-repository.ts';
import { table, type Command } from '../command.ts';
import { withBase } from '../with-base.ts';

const limit = 200;

export const listAccounts: Command = {
  name: 'accounts list',
  about: `List the ${limit} newest accounts.`,
  options: { json: { about: 'Print JSON.' } },
  async run({ options, io }) {
    const accounts = await withBase(io, ({ db }) => list(db, limit));
    if (options['json']) return io.out(JSON.stringify(accounts));
    if (accounts.length === 0) return io.out('There is no account yet.');
    const rows = accounts.map(({ id, email, username, name, suspendedAt, createdAt }) => {
      const status = suspendedAt ? 'suspended' : 'active';
      return [id, email, username ?? '', name ?? '', status, createdAt.toISOString().slice(0, 10)];
    });
    io.out(table(['id', 'email', 'username', 'name', 'status', 'created'], rows));
  },
};
