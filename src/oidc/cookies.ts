/** The cookies of the protocol: names, flags, signatures. */
import type { Configuration } from 'oidc-provider';
import Keygrip from 'keygrip';
import type { Keyring } from '../platform/secrets.ts';

export interface CookieNames {
  session: string;
  csrf: string;
  /** Prefix of the names of interaction cookies; the interaction's uid follows. */
  pending: string;
  /** Prefix of the names of cookies of known devices; a random word follows. */
  known: string;
  /** The library's names of its own interaction cookies, which are replaced (interaction/interaction-cookies.ts). */
  interaction: string;
  resume: string;
}

/** On https the prefix `__Host-` binds a cookie to its host: no other host of the domain can set it. */
export function cookieNames(issuer: string): CookieNames {
  const prefix = issuer.startsWith('https:') ? '__Host-' : '';
  return {
    session: `${prefix}fd_session`,
    csrf: `${prefix}fd_csrf`,
    pending: `${prefix}fd_pending_`,
    known: `${prefix}fd_known_`,
    interaction: 'interaction',
    resume: 'resume',
  };
}

/** A signer that uses the newest key and accepts signatures of all keys; SHA-256 instead of Keygrip's default SHA-1. */
export const createCookieSigner = ({ cookieKeys }: Keyring): Keygrip =>
  // Its types know texts only.
  new Keygrip(cookieKeys as unknown as string[], 'sha256');

export function cookieOptions(keyring: Keyring, issuer: string): NonNullable<Configuration['cookies']> {
  const { session, interaction, resume } = cookieNames(issuer);
  const flags = { httpOnly: true, sameSite: 'lax', signed: true, secure: issuer.startsWith('https:') } as const;
  return {
    names: { session, interaction, resume },
    long: flags,
    short: flags,
    keys: createCookieSigner(keyring),
  };
}
