/** `frontdesk sessions list ACCOUNT`: where a person is signed in. */
import { describeDevice } from '../sessions/device.ts';
import { listSessions as list } from '../sessions/session-repository.ts';
import { requireAccount, withBase } from './with-base.ts';
import { table, type Command, one } from './command.ts';
import { endAccountSession, endAccountSessions } from '../sessions/end-session.ts';

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

export const endSessions: Command = {
  name: 'sessions end',
  about: 'End the sessions of an account, or one of them. Every app that took part is told.',
  words: ['ACCOUNT'],
  options: { session: { value: 'SESSION', about: 'Only this one, as `sessions list` names it.' } },
  async run({ words: [name = ''], options, io }) {
    const uid = one(options['session']);
    const count = await withBase(io, async ({ db }) => {
      const { id } = await requireAccount(db, name);
      if (uid === undefined) return endAccountSessions(db, id, 'ended_by_administrator');
      await endAccountSession(db, id, uid, 'ended_by_administrator');
      return 1;
    });
    io.out(count === 1 ? 'One session is ended.' : `${count} sessions are ended.`);
  },
};
