/** `frontdesk keys list`: what tokens are signed with. */
import { listSigningKeys } from '../keys/signing-key-repository.ts';
import { phaseOf } from '../keys/signing-key.ts';
import { table, type Command } from './command.ts';
import { withBase } from './with-base.ts';

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
