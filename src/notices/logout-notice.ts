/** A logout notice: one app that must be told of the end of one session, and whether it heard. */

/** How an app can be told. `none`: it registered no way. */
export type NoticeChannel = 'back' | 'front' | 'none';

export interface LogoutNotice {
  id: string;
  sessionUid: string;
  accountId: string;
  clientId: string;
  /** What the app knows the session by; undefined for all sessions of the person. */
  sid: string | undefined;
  channel: NoticeChannel;
  reason: string;
  createdAt: Date;
  attempts: number;
  nextAttemptAt: Date;
  deliveredAt: Date | undefined;
  gaveUpAt: Date | undefined;
  /** Code of what went wrong last. */
  problem: string | undefined;
}

/**
 * How far the delivery of a notice is. `pending`: no answer yet; `unreachable`: tried several times and tried again;
 * `failed`: given up; `sent_by_browser`: front channel, which confirms nothing; `no_channel`: the app registered none.
 */
export type NoticeState = 'delivered' | 'pending' | 'unreachable' | 'failed' | 'sent_by_browser' | 'no_channel';

/** A notice whose first attempts failed stays `pending`; after this many it is `unreachable`. */
const unreachableAfterAttempts = 3;

export function stateOf(notice: Pick<LogoutNotice, 'channel' | 'deliveredAt' | 'gaveUpAt' | 'attempts'>): NoticeState {
  if (notice.channel === 'front') return 'sent_by_browser';
  if (notice.channel === 'none') return 'no_channel';
  if (notice.deliveredAt) return 'delivered';
  if (notice.gaveUpAt) return 'failed';
  return notice.attempts >= unreachableAfterAttempts ? 'unreachable' : 'pending';
}

/** The job that is queued with a notice, so that it goes out at once; `{ clientId }` is its payload. */
export const deliveryJob = 'deliver-logout-notices';

/** After this the notice is a dead letter. */
export const giveUpAfterSeconds = 24 * 60 * 60;

/** How long one attempt may take, and a little more: then another process may take the notice over. */
export const claimSeconds = 5;

const firstPauseSeconds = 1;
const maxPauseSeconds = 300;

/** 1, 2, 4 … seconds, at most five minutes. */
export const pauseSeconds = (failures: number): number =>
  Math.min(maxPauseSeconds, firstPauseSeconds * 2 ** Math.min(Math.max(failures - 1, 0), 20));
