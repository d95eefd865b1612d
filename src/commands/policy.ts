/** `frontdesk policy list` and `frontdesk policy set`: the settings that an operator changes while the server runs. */
import { readPolicy } from '../policy/policy-repository.ts';
import { formatPolicyValue, policyItems, type PolicyName } from '../policy/policy.ts';
import { setPolicy as set } from '../policy/set-policy.ts';
import { table, type Command } from './command.ts';
import { withBase } from './with-base.ts';

export const listPolicy: Command = {
  name: 'policy list',
  about: 'List the policy: lifetimes of sessions, refresh tokens and keys, and which clients must use PKCE.',
  options: { json: { about: 'Print JSON, durations in seconds.' } },
  async run({ options, io }) {
    const policy = await withBase(io, ({ db }) => readPolicy(db));
    if (options['json']) return io.out(JSON.stringify(policy));
    const rows = (Object.keys(policyItems) as PolicyName[]).map((name) => {
      const { default: defaultValue, about } = policyItems[name];
      return [name, formatPolicyValue(policy[name]), formatPolicyValue(defaultValue), about];
    });
    io.out(table(['policy', 'value', 'default', 'what it is for'], rows));
  },
};

export const setPolicy: Command = {
  name: 'policy set',
  changesDatabase: true,
  about:
    'Set one item of the policy to a duration such as 12h, or to one of its named values. Servers follow within a second.',
  operands: ['NAME', 'VALUE'],
  async run({ operands: [name = '', value = ''], io }) {
    await withBase(io, ({ db }) => set(db, name, value, 'command-line'));
    io.out(`${name} is ${value} from now on.`);
  },
};
