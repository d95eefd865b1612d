/** `frontdesk secret`: prints a new root secret. */
import { randomToken } from '../platform/secrets.ts';
import type { Command } from './command.ts';

export const makeSecret: Command = {
  name: 'secret',
  about: 'Print a new root secret for SECRET, or for the file that SECRET_FILE names.',
  async run({ io }) {
    io.out(`fd_secret_${randomToken()}`);
  },
};
