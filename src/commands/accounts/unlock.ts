/** `frontdesk accounts unlock ACCOUNT`: lets a person try again after too many wrong passwords. */
import { createAttemptLimits } from '../../sign-in/attempt-limits.ts';
import { unlockAccount as unlock } from '../../sign-in/unlock-account.ts';
import type { Command } from '../command.ts';
import { requireAccount, withBase } from '../with-base.ts';

export const unlockAccount: Command = {
  name: 'accounts unlock',
  changesDatabase: true,
  about: 'Forget the wrong attempts of an account, so that the person can sign in again at once.',
  operands: ['ACCOUNT'],
  async run({ operands: [account = ''], io }) {
    await withBase(io, async ({ db, keyring, config }) => {
      const { id } = await requireAccount(db, account);
      const attemptLimits = createAttemptLimits(db, keyring, config.rateLimitFactor);
      await unlock({ db, attemptLimits }, id, 'command-line');
      io.out(
        `Account ${account} is unlocked: its wrong attempts are forgotten, on every device and from every network.`,
      );
    });
  },
};
