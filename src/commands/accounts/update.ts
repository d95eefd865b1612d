/** `frontdesk accounts update ACCOUNT`: changes name, user name and the verification of the e-mail address. */
import { updateAccount as update, type AccountChanges } from '../../accounts/update-account.ts';
import { clearedOptions, stringOption, UsageError, type Command, type Options } from '../command.ts';
import { requireAccount, withBase } from '../with-base.ts';

const clearable = ['name', 'username', 'email-verified'] as const;

/** The changes that the options name. @throws UsageError when they name none */
function changesOf(options: Options): AccountChanges {
  const cleared = clearedOptions(options, clearable);
  const [name, username] = [stringOption(options['name']), stringOption(options['username'])];
  const changes: AccountChanges = {
    ...(name !== undefined && { name }),
    ...(cleared.has('name') && { name: null }),
    ...(username !== undefined && { username }),
    ...(cleared.has('username') && { username: null }),
    ...(options['email-verified'] === true && { isEmailVerified: true }),
    ...(cleared.has('email-verified') && { isEmailVerified: false }),
  };
  if (Object.keys(changes).length === 0) throw new UsageError('There is nothing to change: give an option.');
  return changes;
}

export const updateAccount: Command = {
  name: 'accounts update',
  changesDatabase: true,
  about: 'Change the name or the user name of an account, or whether its address is verified.',
  operands: ['ACCOUNT'],
  options: {
    name: { value: 'NAME', about: 'The full name of the person.' },
    username: { value: 'NAME', about: 'A user name to sign in with as well: 3 to 64 of a-z 0-9 . _ -' },
    'email-verified': { about: 'Mark the address as verified.' },
    clear: {
      value: 'OPTION',
      about: `Remove what this option sets: ${clearable.join(', ')}; may be repeated.`,
      isRepeatable: true,
    },
  },
  async run({ operands: [account = ''], options, io }) {
    const changes = changesOf(options);
    await withBase(io, async ({ db }) => {
      await update(db, (await requireAccount(db, account)).id, changes, 'command-line');
      io.out(`Account ${account} is updated.`);
    });
  },
};
