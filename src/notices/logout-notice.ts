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

/** Where a notice stands. Nothing is claimed that is not known. */
export type NoticeState = 'told' | 'trying' | 'unreachable' | 'gave_up' | 'asked_browser' | 'cannot_be_told';

/** An attempt failed, and it is being tried again: for a while that is "still trying", then "could not be reached". */
const unreachableAfterAttempts = 3;

export function stateOf(notice: Pick<LogoutNotice, 'channel' | 'deliveredAt' | 'gaveUpAt' | 'attempts'>): NoticeState {
  if (notice.channel === 'front') return 'asked_browser';
  if (notice.channel === 'none') return 'cannot_be_told';
  if (notice.deliveredAt) return 'told';
  if (notice.gaveUpAt) return 'gave_up';
  return notice.attempts >= unreachableAfterAttempts ? 'unreachable' : 'trying';
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
