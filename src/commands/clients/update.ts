/** `frontdesk clients update ID`: changes the details of a client. */
import { clientKinds } from '../../clients/client.ts';
import { updateClient as update } from '../../clients/update-client.ts';
import { UsageError, type Command } from '../command.ts';
import { withBase } from '../with-base.ts';
import { clearable, clientOptions, detailsOf } from './client-options.ts';
import { registrationContext, printClient } from './print-client.ts';

export const updateClient: Command = {
  name: 'clients update',
  changesDatabase: true,
  about: 'Change an app. An option that is left out changes nothing; a list replaces the previous list.',
  operands: ['ID'],
  options: {
    kind: { value: 'KIND', about: `The kind of app: ${clientKinds.join(', ')}. Sets how it authenticates.` },
    name: { value: 'NAME', about: 'The name that people see.' },
    ...clientOptions,
    clear: {
      value: 'OPTION',
      about: `Remove what this option sets: ${clearable.join(', ')}; may be repeated.`,
      isRepeatable: true,
    },
    json: { about: 'Print JSON.' },
  },
  async run({ operands: [id = ''], options, io }) {
    const changes = Object.keys(options).filter((name) => options[name] !== undefined && name !== 'json');
    if (changes.length === 0) throw new UsageError('There is nothing to change: give an option.');
    const details = detailsOf(options);
    await withBase(io, async (base) => {
      const { client, secret } = await update(registrationContext(base), id, details);
      await printClient(io, base, client, { secret, isJson: options['json'] === true });
    });
  },
};
