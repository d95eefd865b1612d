/** `frontdesk registration-tokens create`, `list` and `remove`: initial access tokens (RFC 7591 §3). */
import { listRegistrationTokens as list } from '../clients/registration-token-repository.ts';
import { createRegistrationToken as create, removeRegistrationToken as remove } from '../clients/registration-token.ts';
import { durationOption, stringOption, table, UsageError, type Command } from './command.ts';
import { pageOf, pageOptions, printNext } from './page.ts';
import { isId, withBase } from './with-base.ts';

const defaultSeconds = 86_400;

export const createRegistrationToken: Command = {
  name: 'registration-tokens create',
  changesDatabase: true,
  about: 'Create a token with which apps register themselves while CLIENT_REGISTRATION is on. It is shown once.',
  options: {
    expires: { value: 'TIME', about: 'Lifetime of the token, like 12h or 30d: 1d by default, at most 90d.' },
    uses: { value: 'NUMBER', about: 'How many apps may register with it: one by default.' },
    json: { about: 'Print JSON.' },
  },
  async run({ options, io }) {
    const seconds = durationOption(options['expires'], 'expires') ?? defaultSeconds;
    const uses = Number(stringOption(options['uses']) ?? 1);
    if (!Number.isInteger(uses)) throw new UsageError('--uses must be a whole number.');
    await withBase(io, async (base) => {
      const { id, token, expiresAt } = await create(base, { seconds, uses }, 'command-line');
      if (options['json']) return io.out(JSON.stringify({ id, token, uses, expires_at: expiresAt.toISOString() }));
      const apps = uses === 1 ? 'One app' : `${uses} apps`;
      io.out(`${token}\n\nThe token is not shown again. ${apps} can register with it`);
      io.out(`until ${expiresAt.toISOString()}. To remove it: frontdesk registration-tokens remove ${id}`);
    });
  },
};

export const listRegistrationTokens: Command = {
  name: 'registration-tokens list',
  about: 'List the registration tokens that can still be used, without their values.',
  options: { ...pageOptions('ID'), json: { about: 'Print JSON.' } },
  async run({ options, io }) {
    const page = pageOf(options);
    if (page.after !== undefined && !isId(page.after)) throw new UsageError('--after must be the id of a token.');
    const tokens = await withBase(io, ({ db }) => list(db, page.limit, page.after));
    printNext(
      io,
      page,
      tokens.map(({ id }) => id),
    );
    if (options['json']) return io.out(JSON.stringify(tokens));
    if (tokens.length === 0) return io.out('There is no token that can be used.');
    const rows = tokens.map(({ id, usesLeft, createdAt, expiresAt }) => {
      return [id, String(usesLeft), createdAt.toISOString(), expiresAt.toISOString()];
    });
    io.out(table(['id', 'uses left', 'created', 'expires'], rows));
  },
};

export const removeRegistrationToken: Command = {
  name: 'registration-tokens remove',
  changesDatabase: true,
  about: 'Remove a registration token. Apps that registered with it stay registered.',
  operands: ['ID'],
  async run({ operands: [id = ''], io }) {
    await withBase(io, ({ db }) => remove(db, id, 'command-line'));
    io.out(`Registration token ${id} is removed.`);
  },
};
