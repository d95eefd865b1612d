/** `frontdesk sessions end ACCOUNT`: signs a person out, on one device or on all. */
import { endSessionOf, endSessionsOf } from '../sessions/end-session.ts';
import { requireAccount } from './account-argument.ts';
import { one, type Command } from './command.ts';
import { withBase } from './with-base.ts';

export const endSessions: Command = {
  name: 'sessions end',
  about: 'End the sessions of an account, or one of them. Every app that took part is told.',
  words: ['ACCOUNT'],
  options: { session: { value: 'SESSION', about: 'Only this one, as `sessions list` names it.' } },
  async run({ words: [name = ''], options, io }) {
    const uid = one(options['session']);
    const count = await withBase(io, async ({ db }) => {
      const { id } = await requireAccount(db, name);
      if (uid === undefined) return endSessionsOf(db, id, 'ended_by_administrator');
      await endSessionOf(db, id, uid, 'ended_by_administrator');
      return 1;
    });
    io.out(count === 1 ? 'One session is ended.' : `${count} sessions are ended.`);
  },
};
