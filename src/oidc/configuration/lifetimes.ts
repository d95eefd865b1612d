/** Lifetimes of tokens, codes, sessions and interactions, in seconds. */
import type { Client, Configuration, Interaction, RefreshToken, Session } from 'oidc-provider';
import { defaultAccessTokenLifetimeSeconds } from '../../apis/api.ts';
import type { LivePolicy } from '../../policy/live-policy.ts';
import { policyItems } from '../../policy/policy.ts';

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** Lifetime of sessions and interactions while nobody is signed in. */
export const anonymousSeconds = 15 * minute;
const interactionSeconds = hour;

const secondsSince = (epoch: number | undefined): number => Math.floor(Date.now() / 1000) - (epoch ?? 0);
/**
 * The idle lifetime, or what is left of the absolute lifetime if that is shorter; at least 1 second.
 *
 * @param since start of the absolute lifetime, as NumericDate
 */
const remaining = (idle: number, absolute: number, since: number | undefined): number =>
  Math.max(1, Math.min(idle, absolute - secondsSince(since)));

/** Lifetimes of a client's refresh tokens in seconds: as registered for the client, else as in the policy. */
function refreshLimits(client: Client | undefined, policy: LivePolicy): [idle: number, absolute: number] {
  const { refresh_idle: idle, refresh_absolute: absolute } = policy.current;
  const registeredOr = (name: string, fallback: number) =>
    typeof client?.[name] === 'number' ? client[name] : fallback;
  return [registeredOr('refresh_idle_seconds', idle), registeredOr('refresh_absolute_seconds', absolute)];
}

export function createLifetimes(policy: LivePolicy): NonNullable<Configuration['ttl']> {
  return {
    AccessToken: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? defaultAccessTokenLifetimeSeconds,
    AuthorizationCode: minute,
    ClientCredentials: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? defaultAccessTokenLifetimeSeconds,
    // A grant is never extended, so it must outlive the refresh tokens that belong to it. It does unless a token family
    // begins late in a long session: when session_absolute and refresh_absolute together are more than this.
    Grant: policyItems.refresh_absolute.max + day,
    IdToken: hour,
    Interaction: (_ctx, interaction: Interaction) =>
      interaction.session?.accountId ? interactionSeconds : anonymousSeconds,
    // Each rotation restarts the idle time; the absolute time counts from the first token (RFC 9700 §4.14.2).
    RefreshToken(_ctx, token: RefreshToken, client: Client) {
      return remaining(...refreshLimits(client, policy), token.iiat);
    },
    Session(_ctx, session: Session) {
      if (session.accountId === undefined) return anonymousSeconds;
      const { session_idle, session_absolute, brief_session_idle, brief_session_absolute } = policy.current;
      return session.transient
        ? remaining(brief_session_idle, brief_session_absolute, session.loginTs)
        : remaining(session_idle, session_absolute, session.loginTs);
    },
  };
}
