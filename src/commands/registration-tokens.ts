/** `frontdesk registration-tokens create | list | remove`: who may register apps by a program (RFC 7591). */
import { listRegistrationTokens as list } from '../clients/registration-token-repository.ts';
import { createRegistrationToken as create, removeRegistrationToken as remove } from '../clients/registration-token.ts';
import { duration, one, table, UsageError, type Command } from './command.ts';
import { withBase } from './with-base.ts';

const usualSeconds = 86_400;

export const createRegistrationToken: Command = {
  name: 'registration-tokens create',
  about:
    'Make a token with which apps register themselves, where CLIENT_REGISTRATION lets them. It is shown this once.',
  options: {
    expires: { value: 'TIME', about: 'How long it may be used, like 12h or 30d; 1d when left out, 90d at most.' },
    uses: { value: 'NUMBER', about: 'How many apps may register with it; one when left out.' },
    json: { about: 'For programs.' },
  },
  async run({ options, io }) {
    const seconds = duration(options['expires'], 'expires') ?? usualSeconds;
    const uses = Number(one(options['uses']) ?? 1);
    if (!Number.isInteger(uses)) throw new UsageError('--uses must be a whole number');
    await withBase(io, async (base) => {
      const { id, token, expiresAt } = await create(base, { seconds, uses }, 'command-line');
      if (options['json']) return io.out(JSON.stringify({ id, token, uses, expires_at: expiresAt.toISOString() }));
      io.out(`${token}\n\nThe token is not shown again. It is good for ${uses === 1 ? 'one app' : `${uses} apps`}`);
      io.out(`until ${expiresAt.toISOString()}. To take it back: frontdesk registration-tokens remove ${id}`);
    });
  },
};

export const listRegistrationTokens: Command = {
  name: 'registration-tokens list',
  about: 'List the registration tokens that can still be used, but not what they are.',
  options: { json: { about: 'For programs.' } },
  async run({ options, io }) {
    const tokens = await withBase(io, ({ db }) => list(db));
    if (options['json']) return io.out(JSON.stringify(tokens));
    if (tokens.length === 0) return io.out('There is none that can be used.');
    const rows = tokens.map(({ id, usesLeft, createdAt, expiresAt }) => {
      return [id, String(usesLeft), createdAt.toISOString(), expiresAt.toISOString()];
    });
    io.out(table(['id', 'uses left', 'since', 'until'], rows));
  },
};

export const removeRegistrationToken: Command = {
  name: 'registration-tokens remove',
  about: 'Take a registration token back. Apps that registered with it stay.',
  words: ['ID'],
  async run({ words: [id = ''], io }) {
    await withBase(io, ({ db }) => remove(db, id, 'command-line'));
    io.out(`Registration token ${id} is removed.`);
  },
};
