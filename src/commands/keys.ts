/** `frontdesk keys list` and `frontdesk keys rotate`: the keys that tokens are signed with. */
import { rotateNow } from '../keys/rotate-signing-keys.ts';
import { listSigningKeys } from '../keys/signing-key-repository.ts';
import { phaseOf } from '../keys/signing-key.ts';
import { readPolicy } from '../policy/policy-repository.ts';
import { formatDuration } from '../policy/policy.ts';
import { table, type Command } from './command.ts';
import { withBase } from './with-base.ts';

export const listKeys: Command = {
  name: 'keys list',
  about: 'List the published signing keys and their phase: announced, signing, retired.',
  options: { json: { about: 'Print JSON.' } },
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
    if (shown.length === 0) return io.out('There is no signing key yet: the server makes them at its first start.');
    const rows = shown.map((key) => [key.kid, key.algorithm, key.phase, key.signsFrom, key.retiresAt ?? '']);
    io.out(table(['key', 'algorithm', 'phase', 'signs from', 'signs until'], rows));
  },
};

export const rotateKeys: Command = {
  name: 'keys rotate',
  changesDatabase: true,
  about: 'Make new signing keys. They are published some time before they sign; running servers follow by themselves.',
  options: {
    now: {
      about: 'Sign with them at once, because an old key may be compromised. Apps may refuse tokens for minutes.',
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
        ? 'New keys sign from now on. Apps that cache the old ones may refuse new tokens for one to five minutes.'
        : `New keys are published, and sign in ${formatDuration(announcement)}.`,
    );
  },
};
