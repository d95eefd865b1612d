/** `frontdesk accounts remove ACCOUNT`: for good. */
import { removeAccount as remove } from '../../accounts/remove-account.ts';
import { requireAccount, withBase } from '../with-base.ts';
import type { Command } from '../command.ts';

export const removeAccount: Command = {
  name: 'accounts remove',
  about:
    'Remove an account for good. Its sessions and tokens end at once, its apps are told, its id is not used again.',
  words: ['ACCOUNT'],
  async run({ words: [name = ''], io }) {
    await withBase(io, async ({ db }) => remove(db, (await requireAccount(db, name)).id, 'command-line'));
    io.out(`Account ${name} is removed.`);
  },
};
