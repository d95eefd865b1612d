/** `frontdesk secret`: makes a new root secret. */
import { Refusal } from '../errors.ts';
import { createPrivateFile } from '../platform/private-folder.ts';
import { randomToken } from '../platform/secrets.ts';
import { stringOption, type Command } from './command.ts';

export const makeSecret: Command = {
  name: 'secret',
  about: 'Print a new root secret for SECRET, or write it to a file for SECRET_FILE.',
  options: { out: { value: 'FILE', about: 'Write it to this new file, which only you can read (mode 0600).' } },
  async run({ options, io }) {
    const secret = `fd_secret_${randomToken()}`;
    const path = stringOption(options['out']);
    if (path === undefined) return io.out(secret);
    try {
      createPrivateFile(path, `${secret}\n`);
    } catch (error) {
      // A root secret that is in use must not be overwritten.
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw new Refusal('secret_file_exists', { path });
      throw error;
    }
    io.out(`A new root secret is in ${path}: set SECRET_FILE=${path}.`);
  },
};
