/** An account: the record of a person, and the canonical forms of its names. */
import { domainToASCII } from 'node:url';
import { Refusal } from '../errors.ts';
import type { Claims } from './claims.ts';

export interface Account {
  /** uuid v4: the public `sub`, never given to another person. */
  id: string;
  /** As the person typed it; mail is sent to this form. */
  email: string;
  emailVerifiedAt: Date | undefined;
  username: string | undefined;
  name: string | undefined;
  /** Further standard claims (OpenID Connect Core §5.1), by claim name. */
  attributes: Claims;
  suspendedAt: Date | undefined;
  createdAt: Date;
  updatedAt: Date;
}

/** The name of a person on pages. */
export const displayName = ({ name, username, email }: Account): string => name ?? username ?? email;

/**
 * The form that is equal for all spellings of an address: lower case, the domain in ASCII (IDNA). The local part must be
 * ASCII, so that two different addresses never look alike.
 *
 * @returns undefined for what is no e-mail address
 */
export function canonicalEmail(email: string): string | undefined {
  const text = email.normalize('NFKC').trim();
  const [, local, domain] = /^([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64})@([^@\s]{1,255})$/.exec(text) ?? [];
  if (local === undefined || domain === undefined) return undefined;
  const ascii = domainToASCII(domain.toLowerCase());
  if (!/^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/.test(ascii)) return undefined;
  return `${local.toLowerCase()}@${ascii}`;
}

/** The form that is equal for all spellings of a user name; undefined for what is no user name. */
export function canonicalUsername(username: string): string | undefined {
  const text = username.normalize('NFKC').trim().toLowerCase();
  return /^[a-z0-9][a-z0-9._-]{1,62}[a-z0-9]$/.test(text) ? text : undefined;
}

/** @returns the canonical form @throws Refusal `email_invalid` */
export function requireEmail(email: string): string {
  const canonical = canonicalEmail(email);
  if (canonical === undefined) throw new Refusal('email_invalid');
  return canonical;
}

/** @returns the canonical form @throws Refusal `username_invalid` */
export function requireUsername(username: string): string {
  const canonical = canonicalUsername(username);
  if (canonical === undefined) throw new Refusal('username_invalid');
  return canonical;
}
