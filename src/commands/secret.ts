/** `frontdesk secret`: a root secret to put into the settings. */
import { randomToken } from '../platform/secrets.ts';
import type { Command } from './command.ts';

export const makeSecret: Command = {
  name: 'secret',
  about: 'Print a new root secret, for the setting SECRET or a file that SECRET_FILE names.',
  async run({ io }) {
    io.out(`fd_secret_${randomToken()}`);
  },
};
