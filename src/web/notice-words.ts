/** What became of telling an app, in the shape that views show it. Nothing is claimed that is not known. */
import { stateOf, type LogoutNotice, type NoticeState } from '../notices/logout-notice.ts';

export interface NoticeWords {
  state: NoticeState;
  /** From the end of the session to the app's answer. */
  milliseconds: number | undefined;
}

export function noticeWords(notice: LogoutNotice): NoticeWords {
  const { createdAt, deliveredAt } = notice;
  return {
    state: stateOf(notice),
    milliseconds: deliveredAt ? Math.max(1, deliveredAt.getTime() - createdAt.getTime()) : undefined,
  };
}
