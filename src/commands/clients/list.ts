/** `frontdesk clients list`: the registered clients. */
import { findClient, listClients as list } from '../../clients/client-repository.ts';
import { ownClientId } from '../../clients/own-client.ts';
import { Refusal } from '../../errors.ts';
import { table, type Command } from '../command.ts';
import { pageOf, pageOptions, printNext } from '../page.ts';
import { withBase } from '../with-base.ts';

export const listClients: Command = {
  name: 'clients list',
  about: 'List the registered apps.',
  options: { ...pageOptions('CLIENT_ID'), json: { about: 'Print JSON.' } },
  async run({ options, io }) {
    const page = pageOf(options);
    const clients = await withBase(io, async ({ db }) => {
      const { after, limit } = page;
      if (after !== undefined && !(await findClient(db, after))) throw new Refusal('client_unknown', { id: after });
      return list(db, limit, after, ownClientId);
    });
    printNext(
      io,
      page,
      clients.map(({ id }) => id),
    );
    if (options['json']) {
      const shown = clients.map(({ id, kind, isSelfRegistered, metadata }) => ({
        id,
        kind,
        isSelfRegistered,
        metadata,
      }));
      return io.out(JSON.stringify(shown));
    }
    if (clients.length === 0) return io.out('No app is registered yet.');
    const rows = clients.map(({ id, kind, isFirstParty, isSelfRegistered, metadata, createdAt }) => {
      const since = createdAt.toISOString().slice(0, 10);
      const by = isSelfRegistered ? 'itself' : 'operator';
      return [id, metadata.client_name ?? '', kind, isFirstParty ? 'yes' : 'no', by, since];
    });
    io.out(table(['client_id', 'name', 'kind', 'first-party', 'registered by', 'since'], rows));
  },
};
