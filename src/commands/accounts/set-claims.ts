/** `frontdesk accounts set-claims ACCOUNT FILE`: sets the claims that apps may be given about a person. */
import { setClaims as set } from '../../accounts/set-claims.ts';
import type { Command } from '../command.ts';
import { readJsonFile } from '../input.ts';
import { requireAccount, withBase } from '../with-base.ts';

export const setClaims: Command = {
  name: 'accounts set-claims',
  changesDatabase: true,
  about:
    'Set the profile, address and phone claims of an account from a JSON file, by their names in OpenID Connect (given_name, birthdate, address…). Claims that the file leaves out are removed.',
  operands: ['ACCOUNT', 'FILE'],
  async run({ operands: [account = '', path = ''], io }) {
    const claims = readJsonFile(path);
    await withBase(io, async ({ db }) => set(db, (await requireAccount(db, account)).id, claims, 'command-line'));
    io.out(`The claims of ${account} are set.`);
  },
};
