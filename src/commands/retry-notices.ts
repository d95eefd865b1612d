/** `frontdesk notices retry`: gives dead letters another day. */
import { Refusal } from '../errors.ts';
import { reviveNotices } from '../notices/logout-notice-repository.ts';
import type { Command } from './command.ts';
import { withBase } from './with-base.ts';

export const retryNotices: Command = {
  name: 'notices retry',
  about: 'Try dead letters again: logout notices that were given up. A running server begins within seconds.',
  async run({ io }) {
    const count = await withBase(io, ({ db }) => db.inUnitOfWork(() => reviveNotices(db)));
    if (count === 0) throw new Refusal('notice_none');
    io.out(count === 1 ? 'One is tried again.' : `${count} are tried again.`);
  },
};
