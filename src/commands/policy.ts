/** `frontdesk policy list`: what is decided, and what it means. */
import { readPolicy } from '../policy/policy-repository.ts';
import { formatDuration, policyItems, type PolicyName, parseDuration } from '../policy/policy.ts';
import { table, type Command, UsageError } from './command.ts';
import { withBase } from './with-base.ts';
import { setPolicy as set } from '../policy/set-policy.ts';

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

export const setPolicy: Command = {
  name: 'policy set',
  about: 'Decide one item of the policy. Running servers follow within a second.',
  words: ['NAME', 'TIME'],
  async run({ words: [name = '', time = ''], io }) {
    const seconds = parseDuration(time);
    if (seconds === undefined) throw new UsageError('TIME must be like 90s, 15m, 12h or 30d');
    await withBase(io, ({ db }) => set(db, name, seconds, 'command-line'));
    io.out(`${name} is ${time} from now on.`);
  },
};
