/** `frontdesk accounts set-email ACCOUNT ADDRESS`: sets the address that a person signs in with. */
import { setEmail as set } from '../../accounts/set-email.ts';
import type { Command } from '../command.ts';
import { requireAccount, withBase } from '../with-base.ts';

export const setEmail: Command = {
  name: 'accounts set-email',
  changesDatabase: true,
  about: 'Set the e-mail address of an account. A new address is unverified unless --verified is given.',
  operands: ['ACCOUNT', 'ADDRESS'],
  options: { verified: { about: 'Mark the address as verified.' } },
  async run({ operands: [account = '', email = ''], options, io }) {
    await withBase(io, async ({ db }) => {
      const { id: accountId } = await requireAccount(db, account);
      await set(db, { accountId, email, isVerified: options['verified'] === true, by: 'command-line' });
      io.out(`The e-mail address of account ${accountId} is set.`);
    });
  },
};
