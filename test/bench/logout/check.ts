/** Compares the logout tokens that apps received with the sessions that ended. */
import type { JWTPayload } from 'jose';
import type { Receiver } from '../../support/receiver.ts';

/** Numbers of what one app received. */
export interface Received {
  /** Sessions that ended and of which the app received a token. */
  delivered: number;
  /** Sessions that ended and of which the app received no token. */
  lost: number;
  /** Further tokens for a session. */
  duplicates: number;
  /** Tokens for a session that had not ended. */
  wrong: number;
  /** Tokens that violate OpenID Connect Back-Channel Logout 1.0 §2.4, or name an unknown account. */
  malformed: number;
  /** For each session, milliseconds from the call that ends it to the first token. */
  delays: number[];
}

const event = 'http://schemas.openid.net/event/backchannel-logout';

// Signature, issuer, audience, type and expiry were checked by the receiver.
function isWellFormed({ events, nonce, jti, sub }: JWTPayload, accounts: Set<string>): boolean {
  const isEvent = JSON.stringify(events) === JSON.stringify({ [event]: {} });
  return isEvent && nonce === undefined && typeof jti === 'string' && accounts.has(sub ?? '');
}

/** @param endedAt `sid` → when the call that ends the session began (`Date.now()`), for the sessions that were ended */
export function check({ received }: Receiver, endedAt: ReadonlyMap<string, number>, accounts: Set<string>): Received {
  const first = new Map<string, number>();
  const result: Received = { delivered: 0, lost: 0, duplicates: 0, wrong: 0, malformed: 0, delays: [] };
  for (const { at, claims } of received) {
    const sid = String(claims['sid']);
    if (!isWellFormed(claims, accounts)) result.malformed += 1;
    if (at < (endedAt.get(sid) ?? Infinity)) result.wrong += 1;
    else if (first.has(sid)) result.duplicates += 1;
    else first.set(sid, at);
  }
  result.delivered = first.size;
  result.lost = endedAt.size - first.size;
  result.delays = [...first].map(([sid, at]) => at - endedAt.get(sid)!);
  return result;
}
