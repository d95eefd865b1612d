/** Checks logout tokens of Frontdesk (OpenID Connect Back-Channel Logout 1.0 §2.6). */
import { createRemoteJWKSet, jwtVerify } from 'jose';

export interface EndedSession {
  /** `sid` of the ID tokens of the session; undefined when all sessions of the person ended. */
  sid: string | undefined;
  sub: string | undefined;
}

const event = 'http://schemas.openid.net/event/backchannel-logout';

/** @param jwksUri `jwks_uri` of Frontdesk's discovery document */
export function createLogoutTokenCheck(issuer: string, clientId: string, jwksUri: string) {
  const keys = createRemoteJWKSet(new URL(jwksUri));
  /** `jti` of an accepted token → when it is removed from the map, in seconds since 1970. */
  const usedJtis = new Map<string, number>();

  /** Accepts each `jti` once. @param expiresAt `exp` of the token, in seconds since 1970 */
  function requireUnused(jti: string, expiresAt: number): void {
    const now = Date.now() / 1000;
    for (const [usedJti, removedAt] of usedJtis) if (removedAt < now) usedJtis.delete(usedJti);
    if (usedJtis.has(jti)) throw new Error('used before');
    // A minute longer than the token is valid, in case the clock of this machine is set back.
    usedJtis.set(jti, expiresAt + 60);
  }

  /** @throws Error when the token is not Frontdesk's, not for this client, no logout token, too old or used before */
  return async (token: string): Promise<EndedSession> => {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience: clientId,
      typ: 'logout+jwt',
      algorithms: ['RS256', 'ES256'],
      requiredClaims: ['iat', 'exp', 'jti', 'events'],
      maxTokenAge: '3m',
    });
    const { sid, sub, events, jti, exp } = payload;
    if (typeof events !== 'object' || !events || !(event in events)) throw new Error('not a logout event');
    // A logout token has no nonce, so that it cannot be mistaken for an ID token.
    if ('nonce' in payload) throw new Error('has a nonce');
    if (sid === undefined && sub === undefined) throw new Error('has neither sid nor sub');
    requireUnused(jti!, exp!);
    return { sid: sid as string | undefined, sub };
  };
}
