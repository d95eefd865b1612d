/** `frontdesk policy list`: what is decided, and what it means. */
import { readPolicy } from '../policy/policy-repository.ts';
import { formatDuration, policyItems, type PolicyName } from '../policy/policy.ts';
import { table, type Command } from './command.ts';
import { withBase } from './with-base.ts';

export const listPolicy: Command = {
  name: 'policy list',
  about: 'List what an operator decides while the server runs: lifetimes of sessions, refresh tokens and keys.',
  options: { json: { about: 'For programs, in seconds.' } },
  async run({ options, io }) {
    const policy = await withBase(io, ({ db }) => readPolicy(db));
    if (options['json']) return io.out(JSON.stringify(policy));
    const rows = (Object.keys(policyItems) as PolicyName[]).map((name) => {
      const { default: usual, about } = policyItems[name];
      return [name, formatDuration(policy[name]), formatDuration(usual), about];
    });
    io.out(table(['policy', 'value', 'default', 'what it is for'], rows));
  },
};
