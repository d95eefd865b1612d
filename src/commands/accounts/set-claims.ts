/** `frontdesk accounts set-claims ACCOUNT FILE`: what apps may learn about a person. */
import { setClaims as set } from '../../accounts/set-claims.ts';
import { requireAccount, withBase } from '../with-base.ts';
import type { Command } from '../command.ts';
import { readJsonFile } from '../input.ts';

export const setClaims: Command = {
  name: 'accounts set-claims',
  about:
    'Set the profile, postal address and telephone of an account, from a JSON file in the names of OpenID Connect (given_name, birthdate, address…). What the file leaves out is removed.',
  words: ['ACCOUNT', 'FILE'],
  async run({ words: [name = '', path = ''], io }) {
    const claims = readJsonFile(path);
    await withBase(io, async ({ db }) => set(db, (await requireAccount(db, name)).id, claims, 'command-line'));
    io.out(`The claims of ${name} are set.`);
  },
};
