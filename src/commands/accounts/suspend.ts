/** `frontdesk accounts suspend ACCOUNT` and `frontdesk accounts reinstate ACCOUNT`. */
import { finishEndings } from '../../accounts/finish-endings.ts';
import { reinstateAccount as reinstate, suspendAccount as suspend } from '../../accounts/suspend-account.ts';
import type { Command } from '../command.ts';
import { requireAccount, withBase } from '../with-base.ts';

export const suspendAccount: Command = {
  name: 'accounts suspend',
  changesDatabase: true,
  about: 'Suspend an account: it cannot sign in. Ends its sessions and tokens, and notifies its apps.',
  operands: ['ACCOUNT'],
  async run({ operands: [account = ''], io }) {
    await withBase(io, async ({ db }) => {
      const { id } = await requireAccount(db, account);
      await suspend(db, id, 'command-line');
      await finishEndings(db, id);
    });
    io.out(`Account ${account} is suspended.`);
  },
};

export const reinstateAccount: Command = {
  name: 'accounts reinstate',
  changesDatabase: true,
  about: 'End the suspension of an account. The person has to sign in again.',
  operands: ['ACCOUNT'],
  async run({ operands: [account = ''], io }) {
    await withBase(io, async ({ db }) => reinstate(db, (await requireAccount(db, account)).id, 'command-line'));
    io.out(`Account ${account} is reinstated.`);
  },
};
