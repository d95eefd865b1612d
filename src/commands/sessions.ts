/** `frontdesk sessions list ACCOUNT` and `frontdesk sessions end ACCOUNT`. */
import { finishEndings } from '../accounts/finish-endings.ts';
import { describeDevice } from '../sessions/device.ts';
import { endAccountSession, endAccountSessions } from '../sessions/end-session.ts';
import { listSessions as list } from '../sessions/session-repository.ts';
import { stringOption, table, type Command } from './command.ts';
import { pageOf, pageOptions, printNext } from './page.ts';
import { requireAccount, withBase } from './with-base.ts';

export const listSessions: Command = {
  name: 'sessions list',
  about: 'List the sessions of an account: device, IP address, apps.',
  operands: ['ACCOUNT'],
  options: { ...pageOptions('SESSION'), json: { about: 'Print JSON.' } },
  async run({ operands: [account = ''], options, io }) {
    const page = pageOf(options);
    const sessions = await withBase(io, async ({ db }) => {
      const { id } = await requireAccount(db, account);
      return list(db, id, page.limit, page.after);
    });
    printNext(
      io,
      page,
      sessions.map(({ uid: id }) => id),
    );
    if (options['json']) return io.out(JSON.stringify(sessions.map(({ state: _state, ...session }) => session)));
    if (sessions.length === 0) return io.out(`${account} has no session.`);
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
  changesDatabase: true,
  about: 'End the sessions of an account, or one of them, and notify the apps that were signed in to.',
  operands: ['ACCOUNT'],
  options: { session: { value: 'SESSION', about: 'End only this session, by its id in `sessions list`.' } },
  async run({ operands: [account = ''], options, io }) {
    const uid = stringOption(options['session']);
    const count = await withBase(io, async ({ db }) => {
      const { id } = await requireAccount(db, account);
      if (uid === undefined) {
        const ended = await endAccountSessions(db, id, 'ended_by_administrator');
        await finishEndings(db, id);
        return ended;
      }
      await endAccountSession(db, id, uid, 'ended_by_administrator');
      return 1;
    });
    io.out(count === 1 ? 'One session is ended.' : `${count} sessions are ended.`);
  },
};
