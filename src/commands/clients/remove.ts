/** `frontdesk clients remove ID`: removes a client. */
import { finishClientRemovals, removeClient as remove } from '../../clients/remove-client.ts';
import type { Command } from '../command.ts';
import { withBase } from '../with-base.ts';

export const removeClient: Command = {
  name: 'clients remove',
  changesDatabase: true,
  about: 'Remove an app and revoke its tokens. JWT access tokens stay valid until they expire.',
  operands: ['ID'],
  async run({ operands: [id = ''], io }) {
    await withBase(io, async ({ db }) => {
      await remove(db, id, 'command-line');
      await finishClientRemovals(db, id);
    });
    io.out(`Client ${id} is removed.`);
  },
};
