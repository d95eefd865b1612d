/** `frontdesk policy set NAME TIME`: decides one item. */
import { parseDuration } from '../policy/policy.ts';
import { setPolicy as set } from '../policy/set-policy.ts';
import { UsageError, type Command } from './command.ts';
import { withBase } from './with-base.ts';

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
