/** A person's account: names, addresses, standing. */
import { domainToASCII } from 'node:url';
import { Refusal } from '../errors.ts';
import type { Claims } from './claims.ts';

export interface Account {
  /** uuid v4; the public `sub`, never used for another person. */
  id: string;
  /** As the person wrote it: mail goes there. */
  email: string;
  emailVerifiedAt: Date | undefined;
  username: string | undefined;
  name: string | undefined;
  /** Further standard claims (OpenID Connect Core 5.1), by claim name. */
  attributes: Claims;
  suspendedAt: Date | undefined;
  createdAt: Date;
  updatedAt: Date;
}

/** What to call a person on pages. */
export const displayName = ({ name, username, email }: Account): string => name ?? username ?? email;

/**
 * The form in which two spellings of one address are equal: lower case, domain in ASCII (IDNA). Undefined for what is
 * no address. The part before the @ is ASCII, so that no two addresses only look alike.
 */
export function canonicalEmail(email: string): string | undefined {
  const text = email.normalize('NFKC').trim();
  const [, local, domain] = /^([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64})@([^@\s]{1,255})$/.exec(text) ?? [];
  if (local === undefined || domain === undefined) return undefined;
  const ascii = domainToASCII(domain.toLowerCase());
  if (!/^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/.test(ascii)) return undefined;
  return `${local.toLowerCase()}@${ascii}`;
}

/** The form in which two spellings of one user name are equal; undefined for what is no user name. */
export function canonicalUsername(username: string): string | undefined {
  const text = username.normalize('NFKC').trim().toLowerCase();
  return /^[a-z0-9][a-z0-9._-]{1,62}[a-z0-9]$/.test(text) ? text : undefined;
}

/** @throws Refusal `email_invalid` */
export function requireEmail(email: string): string {
  const canonical = canonicalEmail(email);
  if (canonical === undefined) throw new Refusal('email_invalid');
  return canonical;
}

/** @throws Refusal `username_invalid` */
export function requireUsername(username: string): string {
  const canonical = canonicalUsername(username);
  if (canonical === undefined) throw new Refusal('username_invalid');
  return canonical;
}
