/** How long everything lives that the protocol hands out. All in seconds. */
import type { Configuration, RefreshToken, Session } from 'oidc-provider';
import { defaultAccessTokenLifetimeSeconds } from '../apis/api.ts';

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** A visitor who has not signed in leaves nothing behind for longer than this. */
export const anonymousSeconds = 15 * minute;
export const interactionSeconds = hour;
export const sessionSeconds = 14 * day;
export const refreshIdleSeconds = 14 * day;
export const refreshAbsoluteSeconds = 90 * day;

function sessionLifetime(_ctx: unknown, session: Session): number {
  return session.accountId === undefined ? anonymousSeconds : sessionSeconds;
}

/** Each rotation starts the idle time anew, but no family outlives its absolute end (RFC 9700 §4.14.2). */
function refreshLifetime(_ctx: unknown, token: RefreshToken): number {
  const left = (token.iiat ?? 0) + refreshAbsoluteSeconds - Math.floor(Date.now() / 1000);
  return Math.max(1, Math.min(refreshIdleSeconds, left));
}

export const lifetimes = {
  AccessToken: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? defaultAccessTokenLifetimeSeconds,
  AuthorizationCode: minute,
  ClientCredentials: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? defaultAccessTokenLifetimeSeconds,
  // Never extended, so it must outlive every refresh token that lives by it.
  Grant: refreshAbsoluteSeconds + day,
  IdToken: hour,
  Interaction: (_ctx, interaction) => (interaction.session?.accountId ? interactionSeconds : anonymousSeconds),
  RefreshToken: refreshLifetime,
  Session: sessionLifetime,
} satisfies Configuration['ttl'];
