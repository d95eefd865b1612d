/** `frontdesk accounts password ACCOUNT`: sets a new password. */
import { finishEndings } from '../../accounts/finish-endings.ts';
import { setPassword as set } from '../../accounts/set-password.ts';
import { createPasswordHasher } from '../../credentials/password.ts';
import type { Command } from '../command.ts';
import { readPassword } from '../input.ts';
import { requireAccount, withBase } from '../with-base.ts';

export const setPassword: Command = {
  name: 'accounts password',
  changesDatabase: true,
  about: 'Set a password, asked for or read as one line from a pipe. Ends the sessions and tokens of the account.',
  operands: ['ACCOUNT'],
  async run({ operands: [account = ''], io }) {
    const password = await readPassword('New password: ');
    await withBase(io, async ({ db }) => {
      const { id: accountId } = await requireAccount(db, account);
      await set(db, await createPasswordHasher(), { accountId, password, by: 'command-line' });
      await finishEndings(db, accountId);
    });
    io.out(`The password of ${account} is set.`);
  },
};
