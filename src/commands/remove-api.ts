/** `frontdesk apis remove AUDIENCE`: no more tokens for an API. */
import { removeApi as remove } from '../apis/remove-api.ts';
import type { Command } from './command.ts';
import { withBase } from './with-base.ts';

export const removeApi: Command = {
  name: 'apis remove',
  about: 'Remove an API. Access tokens that are out live until they expire.',
  words: ['AUDIENCE'],
  async run({ words: [audience = ''], io }) {
    await withBase(io, ({ db }) => remove(db, audience, 'command-line'));
    io.out(`API ${audience} is removed.`);
  },
};
