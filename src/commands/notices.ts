/** `frontdesk notices list` and `frontdesk notices retry`: the deliveries of logout tokens. */
import { Refusal } from '../errors.ts';
import { listNotices as list, retryDeadNotices } from '../notices/logout-notice-repository.ts';
import { noticeStateOf } from '../notices/logout-notice.ts';
import { table, UsageError, type Command } from './command.ts';
import { pageOf, pageOptions, printNext } from './page.ts';
import { isId, withBase } from './with-base.ts';

export const listNotices: Command = {
  name: 'notices list',
  about: 'List the logout notices, the newest first, and whether each one was delivered to its app.',
  options: {
    open: { about: 'List only notices that are not delivered, dead letters included.' },
    ...pageOptions('NOTICE'),
    json: { about: 'Print JSON.' },
  },
  async run({ options, io }) {
    const page = pageOf(options);
    if (page.after !== undefined && !isId(page.after)) throw new UsageError('--after must be the id of a notice.');
    const notices = await withBase(io, ({ db }) => list(db, { isOpen: options['open'] === true, ...page }));
    printNext(
      io,
      page,
      notices.map(({ id }) => id),
    );
    if (options['json']) return io.out(JSON.stringify(notices));
    if (notices.length === 0) return io.out('There is no such notice.');
    const rows = notices.map((notice) => {
      const { createdAt, clientId, reason, attempts, problem, deliveredAt } = notice;
      const took = deliveredAt ? `${deliveredAt.getTime() - createdAt.getTime()} ms` : '';
      return [createdAt.toISOString(), clientId, reason, noticeStateOf(notice), took, String(attempts), problem ?? ''];
    });
    io.out(table(['since', 'app', 'reason', 'state', 'took', 'attempts', 'problem'], rows));
  },
};

export const retryNotices: Command = {
  name: 'notices retry',
  changesDatabase: true,
  about: 'Queue the dead letters again: the notices that were given up. A running server delivers them within seconds.',
  async run({ io }) {
    const count = await withBase(io, ({ db }) => db.inUnitOfWork(() => retryDeadNotices(db)));
    if (count === 0) throw new Refusal('dead_letter_unknown');
    io.out(count === 1 ? 'One notice is queued again.' : `${count} notices are queued again.`);
  },
};
