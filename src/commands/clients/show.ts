/** `frontdesk clients show ID`: the metadata of a client, without its secret. */
import { findClient } from '../../clients/client-repository.ts';
import { Refusal } from '../../errors.ts';
import type { Command } from '../command.ts';
import { withBase } from '../with-base.ts';

export const showClient: Command = {
  name: 'clients show',
  about: 'Show one app: its metadata, and the APIs that it may get access tokens for.',
  operands: ['ID'],
  options: { json: { about: 'Print JSON.' } },
  async run({ operands: [id = ''], options, io }) {
    const client = await withBase(io, ({ db }) => findClient(db, id));
    if (!client) throw new Refusal('client_unknown', { id });
    const { kind, isFirstParty, isSelfRegistered, metadata, apis, secretHashes } = client;
    const trust = { first_party: isFirstParty, self_registered: isSelfRegistered };
    const shown = { client_id: id, kind, ...trust, secrets: secretHashes.length, apis, ...metadata };
    if (options['json']) return io.out(JSON.stringify(shown, undefined, 2));
    const width = Math.max(...Object.keys(shown).map((name) => name.length));
    for (const [name, value] of Object.entries(shown)) {
      io.out(`${name.padEnd(width)}  ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
    }
  },
};
