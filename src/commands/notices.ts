/** `frontdesk notices list`: which apps were told of which sign-outs. */
import { listNotices as list, retryDeadNotices } from '../notices/logout-notice-repository.ts';
import { stateOf } from '../notices/logout-notice.ts';
import { table, type Command } from './command.ts';
import { withBase } from './with-base.ts';
import { Refusal } from '../errors.ts';

const limit = 100;

export const listNotices: Command = {
  name: 'notices list',
  about: `List the last ${limit} logout notices: what each app was told, and whether it heard.`,
  options: {
    open: { about: 'Only those that have not arrived, dead letters among them.' },
    json: { about: 'For programs.' },
  },
  async run({ options, io }) {
    const notices = await withBase(io, ({ db }) => list(db, { isOpen: options['open'] === true, limit }));
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

export const retryNotices: Command = {
  name: 'notices retry',
  about: 'Try dead letters again: logout notices that were given up. A running server begins within seconds.',
  async run({ io }) {
    const count = await withBase(io, ({ db }) => db.inUnitOfWork(() => retryDeadNotices(db)));
    if (count === 0) throw new Refusal('notice_none');
    io.out(count === 1 ? 'One is tried again.' : `${count} are tried again.`);
  },
};
