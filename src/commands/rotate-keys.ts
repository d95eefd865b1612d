/** `frontdesk keys rotate`: new signing keys, out of turn. */
import { rotateNow } from '../keys/rotate-signing-keys.ts';
import { readPolicy } from '../policy/policy-repository.ts';
import { formatDuration } from '../policy/policy.ts';
import type { Command } from './command.ts';
import { withBase } from './with-base.ts';

export const rotateKeys: Command = {
  name: 'keys rotate',
  about:
    'Make new signing keys. They are announced first, so that no app is surprised; running servers follow by themselves.',
  options: {
    now: {
      about: 'They sign at once: for a key that may be in other hands. Apps may refuse new tokens for some minutes.',
    },
  },
  async run({ options, io }) {
    const isImmediate = options['now'] === true;
    const announcement = await withBase(io, async ({ db, keyring }) => {
      const policy = await readPolicy(db);
      await rotateNow({ db, keyring, policy }, isImmediate);
      return policy.key_announcement;
    });
    io.out(
      isImmediate
        ? 'New keys sign from now on. Apps that keep the old ones may refuse new tokens for a minute, some for five.'
        : `New keys are announced and sign in ${formatDuration(announcement)}.`,
    );
  },
};
