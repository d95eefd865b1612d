/** Compares the logout tokens that apps received with the sessions that ended. */
import type { JWTPayload } from 'jose';
import type { Receiver } from '../../support/receiver.ts';

export interface Received {
  /** Sessions in the tokens of the app, each counted once. */
  delivered: number;
  /** Ended without a token at the app. */
  lost: number;
  /** Tokens for a session after the first. */
  duplicates: number;
  /** Tokens for a session that had not ended. */
  wrong: number;
  /** Tokens that violate OpenID Connect Back-Channel Logout 1.0 §2.4, or name an unknown account. */
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
export function check({ received }: Receiver, begunAt: ReadonlyMap<string, number>, accounts: Set<string>): Received {
  const first = new Map<string, number>();
  const result: Received = { delivered: 0, lost: 0, duplicates: 0, wrong: 0, malformed: 0, delays: [] };
  for (const { at, claims } of received) {
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
