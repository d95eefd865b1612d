/** `frontdesk keys list`: what tokens are signed with. */
import { listSigningKeys } from '../keys/signing-key-repository.ts';
import { phaseOf } from '../keys/signing-key.ts';
import { table, type Command } from './command.ts';
import { withBase } from './with-base.ts';
import { rotateNow } from '../keys/rotate-signing-keys.ts';
import { readPolicy } from '../policy/policy-repository.ts';
import { formatDuration } from '../policy/policy.ts';

export const listKeys: Command = {
  name: 'keys list',
  about: 'List the signing keys and what each does: announced, signing, retired.',
  options: { json: { about: 'For programs.' } },
  async run({ options, io }) {
    const keys = await withBase(io, ({ db, keyring }) => listSigningKeys(db, keyring));
    const shown = keys.map((key) => ({
      kid: key.kid,
      algorithm: key.algorithm,
      phase: phaseOf(key),
      signsFrom: key.signsFrom.toISOString(),
      retiresAt: key.retiresAt?.toISOString(),
    }));
    if (options['json']) return io.out(JSON.stringify(shown));
    if (shown.length === 0) return io.out('There are none yet: the server makes them when it starts first.');
    const rows = shown.map((key) => [key.kid, key.algorithm, key.phase, key.signsFrom, key.retiresAt ?? '']);
    io.out(table(['key', 'algorithm', 'phase', 'signs from', 'until'], rows));
  },
};

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
