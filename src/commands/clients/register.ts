/** `frontdesk clients register`: registers a client. */
import { clientKinds } from '../../clients/client.ts';
import { registerClient as register } from '../../clients/register-client.ts';
import { stringOption, type Command } from '../command.ts';
import { withBase } from '../with-base.ts';
import { clientOptions, detailsOf, parseKind } from './client-options.ts';
import { registrationContext, printClient } from './print-client.ts';
import { parseSnippet, snippetOption } from './snippet-option.ts';

export const registerClient: Command = {
  name: 'clients register',
  changesDatabase: true,
  about: 'Register an app. Its client secret, if it has one, is shown once.',
  options: {
    kind: { value: 'KIND', about: `The kind of app: ${clientKinds.join(', ')}.`, isRequired: true },
    name: { value: 'NAME', about: 'The name that people see.', isRequired: true },
    id: { value: 'ID', about: 'The client_id; a random one by default.' },
    ...clientOptions,
    for: snippetOption,
    json: { about: 'Print JSON.' },
  },
  async run({ options, io }) {
    const kind = parseKind(stringOption(options['kind'])!);
    const snippet = parseSnippet(options['for']);
    const registration = { ...detailsOf(options), kind, name: stringOption(options['name'])! };
    await withBase(io, async (base) => {
      const id = stringOption(options['id']);
      const { client, secret } = await register(registrationContext(base), { ...registration, id });
      await printClient(io, base, client, { secret, snippet, isJson: options['json'] === true });
    });
  },
};
