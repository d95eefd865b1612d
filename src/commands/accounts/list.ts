/** `frontdesk accounts list`: the people, the newest first. */
import { listAccounts as list } from '../../accounts/account-repository.ts';
import { table, type Command } from '../command.ts';
import { withBase } from '../with-base.ts';

const limit = 200;

export const listAccounts: Command = {
  name: 'accounts list',
  about: `List the accounts, the newest first, ${limit} at most.`,
  options: { json: { about: 'For programs.' } },
  async run({ options, io }) {
    const accounts = await withBase(io, ({ db }) => list(db, limit));
    if (options['json']) return io.out(JSON.stringify(accounts));
    if (accounts.length === 0) return io.out('There is no account yet.');
    const rows = accounts.map(({ id, email, username, name, suspendedAt, createdAt }) => {
      const standing = suspendedAt ? 'suspended' : 'active';
      return [id, email, username ?? '', name ?? '', standing, createdAt.toISOString().slice(0, 10)];
    });
    io.out(table(['id', 'email', 'username', 'name', 'standing', 'since'], rows));
  },
};
