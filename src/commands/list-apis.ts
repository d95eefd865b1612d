/** `frontdesk apis list`: the APIs that are registered. */
import { listApis as list } from '../apis/api-repository.ts';
import { table, type Command } from './command.ts';
import { withBase } from './with-base.ts';

export const listApis: Command = {
  name: 'apis list',
  about: 'List the registered APIs.',
  options: { json: { about: 'For programs.' } },
  async run({ options, io }) {
    const apis = await withBase(io, ({ db }) => list(db));
    if (options['json']) return io.out(JSON.stringify(apis));
    if (apis.length === 0) return io.out('No API is registered yet.');
    const rows = apis.map(({ audience, name, scopes, accessTokenLifetimeSeconds }) => {
      return [audience, name, Object.keys(scopes).join(' '), `${accessTokenLifetimeSeconds} s`];
    });
    io.out(table(['audience', 'name', 'scopes', 'tokens live'], rows));
  },
};
