/** A logout notice: tells one app that one session has ended, and records the delivery. */

/** Back-channel logout, front-channel logout, or none: the app registered neither. */
export type NoticeChannel = 'back' | 'front' | 'none';

export interface LogoutNotice {
  id: string;
  sessionUid: string;
  accountId: string;
  clientId: string;
  /** `sid` of the session at the app; undefined for all sessions of the person. */
  sid: string | undefined;
  channel: NoticeChannel;
  /** Why the session ended: an EndReason or an AppRemovalReason. */
  reason: string;
  createdAt: Date;
  attempts: number;
  nextAttemptAt: Date;
  deliveredAt: Date | undefined;
  gaveUpAt: Date | undefined;
  /** Code of the last failure; undefined when there was none. */
  problem: string | undefined;
}

/**
 * State of the delivery. `pending`: not delivered yet; `unreachable`: several attempts failed, and more follow;
 * `failed`: given up; `sent_by_browser`: front channel, without confirmation; `no_channel`: the app registered none.
 */
export type NoticeState = 'delivered' | 'pending' | 'unreachable' | 'failed' | 'sent_by_browser' | 'no_channel';

/** A notice is `unreachable` after this many failed attempts, and `pending` before. */
const unreachableAfterAttempts = 3;

type Delivery = Pick<LogoutNotice, 'channel' | 'deliveredAt' | 'gaveUpAt' | 'attempts'>;

export function noticeStateOf({ channel, deliveredAt, gaveUpAt, attempts }: Delivery): NoticeState {
  if (channel === 'front') return 'sent_by_browser';
  if (channel === 'none') return 'no_channel';
  if (deliveredAt) return 'delivered';
  if (gaveUpAt) return 'failed';
  return attempts >= unreachableAfterAttempts ? 'unreachable' : 'pending';
}

/**
 * Whether receipts may leave out an app: it cannot be notified, but the person returns to it and sees there whether it
 * signed them out.
 *
 * @param returnClientId the client that the person returns to
 */
export const isSeenByPerson = (
  { channel, clientId }: Pick<LogoutNotice, 'channel' | 'clientId'>,
  returnClientId: string | undefined,
): boolean => channel === 'none' && clientId === returnClientId;

/** Kind of the job that starts the deliveries of one client; its payload is `{ clientId }`. */
export const deliveryJob = 'deliver-logout-notices';

/** A notice that is not delivered this long after its creation is given up: a dead letter. */
export const giveUpAfterSeconds = 24 * 60 * 60;

/** How long a claim holds, in which no other process can claim the notice: longer than the time-out of an attempt. */
export const claimSeconds = 5;

const minPauseSeconds = 1;
const maxPauseSeconds = 300;

/** The pause after a number of consecutive failures: 1, 2, 4 … seconds, at most five minutes. */
export const pauseSeconds = (failures: number): number =>
  Math.min(maxPauseSeconds, minPauseSeconds * 2 ** Math.max(failures - 1, 0));
