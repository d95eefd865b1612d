/** `frontdesk accounts list`: the newest accounts. */
import { listAccounts as list } from '../../accounts/account-repository.ts';
import { table, type Command } from '../command.ts';
import { pageOf, pageOptions, printNext } from '../page.ts';
import { requireAccount, withBase } from '../with-base.ts';

export const listAccounts: Command = {
  name: 'accounts list',
  about: 'List the accounts, the newest first.',
  options: { ...pageOptions('ID'), json: { about: 'Print JSON.' } },
  async run({ options, io }) {
    const page = pageOf(options);
    const accounts = await withBase(io, async ({ db }) => {
      const after = page.after === undefined ? undefined : (await requireAccount(db, page.after)).id;
      return list(db, page.limit, after);
    });
    printNext(
      io,
      page,
      accounts.map(({ id }) => id),
    );
    if (options['json']) return io.out(JSON.stringify(accounts));
    if (accounts.length === 0) return io.out('There is no account yet.');
    const rows = accounts.map(({ id, email, username, name, suspendedAt, createdAt }) => {
      const status = suspendedAt ? 'suspended' : 'active';
      return [id, email, username ?? '', name ?? '', status, createdAt.toISOString().slice(0, 10)];
    });
    io.out(table(['id', 'email', 'username', 'name', 'status', 'created'], rows));
  },
};
