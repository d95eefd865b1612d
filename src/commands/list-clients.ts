/** `frontdesk clients list`: the apps that are registered. */
import { listClients as list } from '../clients/client-repository.ts';
import { ownClientId } from '../clients/client.ts';
import { table, type Command } from './command.ts';
import { withBase } from './with-base.ts';

export const listClients: Command = {
  name: 'clients list',
  about: 'List the registered apps.',
  options: { json: { about: 'For programs.' } },
  async run({ options, io }) {
    const registered = await withBase(io, ({ db }) => list(db));
    const clients = registered.filter(({ id }) => id !== ownClientId);
    if (options['json'])
      return io.out(JSON.stringify(clients.map(({ id, kind, metadata }) => ({ id, kind, metadata }))));
    if (clients.length === 0) return io.out('No app is registered yet.');
    const rows = clients.map(({ id, kind, isFirstParty, metadata, createdAt }) => {
      return [id, metadata.client_name ?? '', kind, isFirstParty ? 'yes' : 'no', createdAt.toISOString().slice(0, 10)];
    });
    io.out(table(['client_id', 'name', 'kind', 'first-party', 'since'], rows));
  },
};
