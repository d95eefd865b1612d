/** `frontdesk notices list`: which apps were told of which sign-outs. */
import { listNotices as list } from '../notices/logout-notice-repository.ts';
import { stateOf } from '../notices/logout-notice.ts';
import { table, type Command } from './command.ts';
import { withBase } from './with-base.ts';

const most = 100;

export const listNotices: Command = {
  name: 'notices list',
  about: `List the last ${most} logout notices: what each app was told, and whether it heard.`,
  options: {
    open: { about: 'Only those that have not arrived, dead letters among them.' },
    json: { about: 'For programs.' },
  },
  async run({ options, io }) {
    const notices = await withBase(io, ({ db }) => list(db, { isOpen: options['open'] === true, most }));
    if (options['json']) return io.out(JSON.stringify(notices));
    if (notices.length === 0) return io.out('There are none.');
    const rows = notices.map((notice) => {
      const { createdAt, clientId, reason, attempts, problem, deliveredAt } = notice;
      const took = deliveredAt ? `${deliveredAt.getTime() - createdAt.getTime()} ms` : '';
      return [createdAt.toISOString(), clientId, reason, stateOf(notice), took, String(attempts), problem ?? ''];
    });
    io.out(table(['since', 'app', 'reason', 'state', 'took', 'attempts', 'problem'], rows));
  },
};
