/** What the apps heard, held against what was ended. */
import type { JWTPayload } from 'jose';
import type { Receiver } from '../../support/receiver.ts';

export interface Heard {
  /** Sessions the app heard of, each counted once. */
  delivered: number;
  /** Ended, and the app never heard. */
  lost: number;
  /** Told more than once. */
  duplicates: number;
  /** Told of a session that had not ended when the call came. */
  wrong: number;
  /** Tokens that break OpenID Connect Back-Channel Logout 1.0 §2.4, or are of somebody else. */
  malformed: number;
  /** From the beginning of the ending to the first delivery, in milliseconds. */
  delays: number[];
}

const event = 'http://schemas.openid.net/event/backchannel-logout';

// Signature, issuer, audience, type and expiry were checked by the receiver.
function isWellFormed({ events, nonce, jti, sub }: JWTPayload, accounts: Set<string>): boolean {
  const isEvent = JSON.stringify(events) === JSON.stringify({ [event]: {} });
  return isEvent && nonce === undefined && typeof jti === 'string' && accounts.has(sub ?? '');
}

/** @param begunAt sid → when its ending began; sessions that were not ended are not in it */
export function check({ heard }: Receiver, begunAt: ReadonlyMap<string, number>, accounts: Set<string>): Heard {
  const first = new Map<string, number>();
  const result: Heard = { delivered: 0, lost: 0, duplicates: 0, wrong: 0, malformed: 0, delays: [] };
  for (const { at, claims } of heard) {
    const sid = String(claims['sid']);
    if (!isWellFormed(claims, accounts)) result.malformed += 1;
    if (at < (begunAt.get(sid) ?? Infinity)) result.wrong += 1;
    else if (first.has(sid)) result.duplicates += 1;
    else first.set(sid, at);
  }
  result.delivered = first.size;
  result.lost = begunAt.size - first.size;
  result.delays = [...first].map(([sid, at]) => at - begunAt.get(sid)!);
  return result;
}
