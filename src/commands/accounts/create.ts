/** `frontdesk accounts create`: creates an account for a person. */
import { cleanEmail } from '../../accounts/account.ts';
import { requireClaims } from '../../accounts/claims.ts';
import { createAccount as create } from '../../accounts/create-account.ts';
import { createPasswordHasher } from '../../credentials/password.ts';
import { stringOption, type Command } from '../command.ts';
import { readJsonFile, readPassword } from '../input.ts';
import { withBase } from '../with-base.ts';

export const createAccount: Command = {
  name: 'accounts create',
  changesDatabase: true,
  about: 'Create an account. The password is asked for, or read as one line from a pipe.',
  options: {
    email: { value: 'ADDRESS', about: 'The e-mail address to sign in with.', isRequired: true },
    name: { value: 'NAME', about: 'The full name of the person.' },
    username: { value: 'NAME', about: 'A user name to sign in with as well: 3 to 64 of a-z 0-9 . _ -' },
    'email-verified': { about: 'Mark the address as verified.' },
    claims: { value: 'FILE', about: 'JSON file with further claims, as for `accounts set-claims`.' },
    json: { about: 'Print JSON.' },
  },
  async run({ options, io }) {
    const file = stringOption(options['claims']);
    const claims = file === undefined ? {} : requireClaims(readJsonFile(file));
    const password = await readPassword('Password: ');
    await withBase(io, async ({ db }) => {
      const details = {
        email: stringOption(options['email'])!,
        name: stringOption(options['name']),
        username: stringOption(options['username']),
        isEmailVerified: options['email-verified'] === true,
        password,
        claims,
      };
      const id = await create(db, await createPasswordHasher(), details, 'command-line');
      io.out(options['json'] ? JSON.stringify({ id }) : `Account ${id} for ${cleanEmail(details.email)} is created.`);
    });
  },
};
