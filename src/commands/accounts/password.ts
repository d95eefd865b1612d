/** `frontdesk accounts password ACCOUNT`: sets a new one. */
import { setPassword as set } from '../../accounts/set-password.ts';
import { createPasswordHasher } from '../../credentials/password.ts';
import { requireAccount, withBase } from '../with-base.ts';
import type { Command } from '../command.ts';
import { readPassword } from '../input.ts';

export const setPassword: Command = {
  name: 'accounts password',
  about: 'Set a password, asked for or read as one line from a pipe. Sessions and tokens of the account end at once.',
  words: ['ACCOUNT'],
  async run({ words: [name = ''], io }) {
    const password = await readPassword('New password: ');
    await withBase(io, async ({ db }) => {
      const { id: accountId } = await requireAccount(db, name);
      await set(db, await createPasswordHasher(), { accountId, password, by: 'command-line' });
    });
    io.out(`The password of ${name} is set.`);
  },
};
