/** `frontdesk sessions list ACCOUNT`: where a person is signed in. */
import { describeDevice } from '../sessions/device.ts';
import { listSessions as list } from '../sessions/session-repository.ts';
import { requireAccount } from './account-argument.ts';
import { table, type Command } from './command.ts';
import { withBase } from './with-base.ts';

export const listSessions: Command = {
  name: 'sessions list',
  about: 'List the sessions of an account: device, address, apps.',
  words: ['ACCOUNT'],
  options: { json: { about: 'For programs.' } },
  async run({ words: [name = ''], options, io }) {
    const sessions = await withBase(io, async ({ db }) => list(db, (await requireAccount(db, name)).id));
    if (options['json']) return io.out(JSON.stringify(sessions.map(({ state: _state, ...session }) => session)));
    if (sessions.length === 0) return io.out(`${name} is signed in nowhere.`);
    const rows = sessions.map(({ uid, userAgent, ip, signedInAt, lastSeenAt, authorizations }) => [
      uid,
      describeDevice(userAgent),
      ip ?? '',
      signedInAt?.toISOString() ?? '',
      lastSeenAt.toISOString(),
      Object.keys(authorizations).join(' '),
    ]);
    io.out(table(['session', 'device', 'address', 'signed in', 'last seen', 'apps'], rows));
  },
};
