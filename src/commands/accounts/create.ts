/** `frontdesk accounts create`: opens an account for a person. */
import { createAccount as open } from '../../accounts/create-account.ts';
import { createPasswordHasher } from '../../credentials/password.ts';
import { requireClaims } from '../../accounts/claims.ts';
import { one, type Command } from '../command.ts';
import { readJsonFile, readPassword } from '../input.ts';
import { withBase } from '../with-base.ts';

export const createAccount: Command = {
  name: 'accounts create',
  about: 'Open an account. The password is asked for, or read as one line from a pipe.',
  options: {
    email: { value: 'ADDRESS', about: 'The e-mail address to sign in with.', isRequired: true },
    name: { value: 'NAME', about: 'What the person is called.' },
    username: { value: 'NAME', about: 'A second name to sign in with: 3 to 64 of a-z 0-9 . _ -' },
    'email-verified': { about: 'The address is known to be the person’s.' },
    claims: { value: 'FILE', about: 'JSON with further claims, as for `accounts set-claims`.' },
    json: { about: 'For programs.' },
  },
  async run({ options, io }) {
    const file = one(options['claims']);
    const claims = file === undefined ? {} : requireClaims(readJsonFile(file));
    const password = await readPassword('Password: ');
    await withBase(io, async ({ db }) => {
      const details = {
        email: one(options['email'])!,
        name: one(options['name']),
        username: one(options['username']),
        isEmailVerified: options['email-verified'] === true,
        password,
        claims,
      };
      const id = await open(db, await createPasswordHasher(), details, 'command-line');
      io.out(options['json'] ? JSON.stringify({ id }) : `Account ${id} for ${details.email} is open.`);
    });
  },
};
