/** `frontdesk accounts suspend | reinstate ACCOUNT`. */
import { reinstateAccount as reinstate, suspendAccount as suspend } from '../../accounts/suspend-account.ts';
import { requireAccount, withBase } from '../with-base.ts';
import type { Command } from '../command.ts';

export const suspendAccount: Command = {
  name: 'accounts suspend',
  about: 'Suspend an account: it can do nothing any more, its sessions and tokens end at once, its apps are told.',
  words: ['ACCOUNT'],
  async run({ words: [name = ''], io }) {
    await withBase(io, async ({ db }) => suspend(db, (await requireAccount(db, name)).id, 'command-line'));
    io.out(`Account ${name} is suspended.`);
  },
};

export const reinstateAccount: Command = {
  name: 'accounts reinstate',
  about: 'Take a suspension back. The person signs in again.',
  words: ['ACCOUNT'],
  async run({ words: [name = ''], io }) {
    await withBase(io, async ({ db }) => reinstate(db, (await requireAccount(db, name)).id, 'command-line'));
    io.out(`Account ${name} is reinstated.`);
  },
};
