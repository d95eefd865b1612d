/** The cookies of the protocol: names, flags, signatures. */
import type { Configuration } from 'oidc-provider';
import Keygrip from 'keygrip';
import type { Keyring } from '../platform/secrets.ts';

export interface CookieNames {
  session: string;
  interaction: string;
  resume: string;
  csrf: string;
}

/** Cookie name prefixes bind a cookie to its host (`__Host-`), or to https where it needs a path (`__Secure-`). */
export function cookieNames(issuer: string): CookieNames {
  const isSecure = issuer.startsWith('https:');
  const [host, secure] = isSecure ? ['__Host-', '__Secure-'] : ['', ''];
  return {
    session: `${host}fd_session`,
    interaction: `${secure}fd_interaction`,
    resume: `${secure}fd_resume`,
    csrf: `${host}fd_csrf`,
  };
}

/** Signs with the newest key and accepts all. SHA-256 instead of Keygrip's default SHA-1. */
export const createCookieSigner = ({ cookieKeys }: Keyring): Keygrip => new Keygrip([...cookieKeys], 'sha256');

/** @param isSentFromOtherSites the session cookie is `SameSite=None` */
export function cookieOptions(
  keyring: Keyring,
  issuer: string,
  isSentFromOtherSites: boolean,
): NonNullable<Configuration['cookies']> {
  const { session, interaction, resume } = cookieNames(issuer);
  const flags = { httpOnly: true, sameSite: 'lax', signed: true, secure: issuer.startsWith('https:') } as const;
  return {
    names: { session, interaction, resume },
    long: isSentFromOtherSites ? { ...flags, sameSite: 'none' } : flags,
    short: flags,
    keys: createCookieSigner(keyring),
  };
}
