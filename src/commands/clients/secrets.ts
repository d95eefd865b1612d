/** `frontdesk clients secrets add`, `list` and `remove`: the secrets that a client authenticates with. */
import { findClient } from '../../clients/client-repository.ts';
import { addClientSecret as add, isExpired, removeClientSecret as remove } from '../../clients/client-secret.ts';
import type { ClientSecret } from '../../clients/client.ts';
import { Refusal } from '../../errors.ts';
import { durationOption, fields, table, type Command } from '../command.ts';
import { withBase } from '../with-base.ts';

export const addClientSecret: Command = {
  name: 'clients secrets add',
  changesDatabase: true,
  about:
    'Add a client secret, which is shown once. Two are valid at a time: add one, configure the app with it, remove the old one.',
  operands: ['ID'],
  options: {
    expires: { value: 'TIME', about: 'Lifetime of the secret, like 30d; unlimited by default.' },
    json: { about: 'Print JSON.' },
  },
  async run({ operands: [clientId = ''], options, io }) {
    const seconds = durationOption(options['expires'], 'expires');
    await withBase(io, async (base) => {
      const { id, secret, expiresAt } = await add(base, clientId, { seconds, by: 'command-line' });
      if (options['json']) {
        return io.out(JSON.stringify({ id, client_secret: secret, expires_at: expiresAt?.toISOString() }));
      }
      const expiry = expiresAt ? [['expires', expiresAt.toISOString()] as const] : [];
      io.out(fields([['id', id], ['client_secret', secret], ...expiry]));
      io.out('\nThe secret is not shown again.');
    });
  },
};

/** A secret as `clients secrets list` and `clients show` print it in JSON. */
export const toShownSecret = ({ id, createdAt, expiresAt, lastUsedAt }: ClientSecret): object => ({
  id,
  created_at: createdAt.toISOString(),
  expires_at: expiresAt?.toISOString() ?? null,
  last_used_at: lastUsedAt?.toISOString() ?? null,
});

const minuteOf = (time: Date): string => `${time.toISOString().slice(0, 16)}Z`;

export const listClientSecrets: Command = {
  name: 'clients secrets list',
  about: 'List the secrets of an app, without their values. The time of last use is precise to an hour.',
  operands: ['ID'],
  options: { json: { about: 'Print JSON.' } },
  async run({ operands: [clientId = ''], options, io }) {
    const client = await withBase(io, ({ db }) => findClient(db, clientId));
    if (!client) throw new Refusal('client_unknown', { id: clientId });
    if (options['json']) return io.out(JSON.stringify(client.secrets.map(toShownSecret)));
    if (client.secrets.length === 0) return io.out(`The app ${clientId} has no secret.`);
    const rows = client.secrets.map((secret) => {
      const { id, createdAt, expiresAt, lastUsedAt } = secret;
      const expiry = expiresAt ? `${minuteOf(expiresAt)}${isExpired(secret) ? ' (expired)' : ''}` : 'never';
      return [id, minuteOf(createdAt), expiry, lastUsedAt ? minuteOf(lastUsedAt) : 'never'];
    });
    io.out(table(['id', 'created', 'expires', 'last used'], rows));
  },
};

export const removeClientSecret: Command = {
  name: 'clients secrets remove',
  changesDatabase: true,
  about: 'Remove a client secret: the app cannot authenticate with it from now on.',
  operands: ['ID', 'SECRET_ID'],
  async run({ operands: [clientId = '', secretId = ''], io }) {
    const left = await withBase(io, ({ db }) => remove(db, clientId, secretId, 'command-line'));
    io.out(`Secret ${secretId} of ${clientId} is removed.`);
    if (left > 0) return;
    io.error(`The app has no secret left and cannot authenticate: frontdesk clients secrets add ${clientId}`);
  },
};
