/** `frontdesk accounts remove ACCOUNT`: deletes an account. */
import { removeAccount as remove } from '../../accounts/remove-account.ts';
import type { Command } from '../command.ts';
import { requireAccount, withBase } from '../with-base.ts';

export const removeAccount: Command = {
  name: 'accounts remove',
  changesDatabase: true,
  about: 'Delete an account. Ends its sessions and tokens, and notifies its apps. Its id is never used again.',
  operands: ['ACCOUNT'],
  async run({ operands: [account = ''], io }) {
    await withBase(io, async ({ db }) => remove(db, (await requireAccount(db, account)).id, 'command-line'));
    io.out(`Account ${account} is removed.`);
  },
};
