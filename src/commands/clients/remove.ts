/** `frontdesk clients remove ID`: removes an app. */
import { removeClient as remove } from '../../clients/remove-client.ts';
import type { Command } from '../command.ts';
import { withBase } from '../with-base.ts';

export const removeClient: Command = {
  name: 'clients remove',
  about: 'Remove an app. Its tokens are worthless at once, but for JWT access tokens until they expire.',
  words: ['ID'],
  async run({ words: [id = ''], io }) {
    await withBase(io, ({ db }) => remove(db, id, 'command-line'));
    io.out(`Client ${id} is removed.`);
  },
};
