/** `frontdesk accounts remove ACCOUNT`: deletes an account. */
import { finishEndings } from '../../accounts/finish-endings.ts';
import { removeAccount as remove } from '../../accounts/remove-account.ts';
import type { Command } from '../command.ts';
import { requireAccount, withBase } from '../with-base.ts';

export const removeAccount: Command = {
  name: 'accounts remove',
  changesDatabase: true,
  about: 'Delete an account. Ends its sessions and tokens, and notifies its apps. Its id is never used again.',
  operands: ['ACCOUNT'],
  async run({ operands: [account = ''], io }) {
    await withBase(io, async ({ db }) => {
      const { id } = await requireAccount(db, account);
      await remove(db, id, 'command-line');
      await finishEndings(db, id);
    });
    io.out(`Account ${account} is removed.`);
  },
};
