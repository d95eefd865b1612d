/** `frontdesk accounts rename ACCOUNT USERNAME`: gives an account another user name. */
import { renameAccount as rename } from '../../accounts/update-account.ts';
import type { Command } from '../command.ts';
import { requireAccount, withBase } from '../with-base.ts';

export const renameAccount: Command = {
  name: 'accounts rename',
  changesDatabase: true,
  about:
    'Give an account another user name. Its id, sessions and apps stay; the previous user name is free for others.',
  operands: ['ACCOUNT', 'USERNAME'],
  async run({ operands: [account = '', username = ''], io }) {
    await withBase(io, async ({ db }) => {
      await rename(db, (await requireAccount(db, account)).id, username, 'command-line');
      io.out(`The user name of ${account} is ${username}.`);
    });
  },
};
