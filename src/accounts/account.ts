/** An account: the record of a person, and the canonical forms of its e-mail address and user name. */
import { domainToASCII } from 'node:url';
import { Refusal } from '../errors.ts';
import type { Claims } from './claims.ts';

export interface Account {
  /** UUID v4, never given to another person: the `sub` at clients without pairwise subjects. */
  id: string;
  /** The address as it was typed, after `cleanEmail`. */
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

/** The name by which pages address a person. */
export const displayName = ({ name, username, email }: Account): string => name ?? username ?? email;

// Invisible characters that a pasted name may contain: zero width spaces, soft hyphens, direction marks, byte order
// marks.
const invisible = /(?![\u200c\u200d])[\p{Default_Ignorable_Code_Point}\ufff9-\ufffb\u2800]/gu;
// Joiners after a letter beyond ASCII are part of some domains (RFC 5892 appendix A).
const needlessJoiners = /(?<!(?!\p{ASCII})[\p{L}\p{M}])[\u200c\u200d]/gu;

/** Maximum length of a typed address or user name. */
const maxCharacters = 1000;

/** Normalizes a text (NFKC) and removes invisible characters and outer spaces. Empty for a text that is too long. */
const cleanText = (text: string): string =>
  text.length > maxCharacters ? '' : text.normalize('NFKC').replace(invisible, '').replace(needlessJoiners, '').trim();

/** An address as it is stored: without outer spaces, invisible characters, and the `mailto:` and `?…` of a link. */
export const cleanEmail = (email: string): string =>
  cleanText(email)
    .replace(/^mailto:([^?]*)(\?.*)?$/i, '$1')
    .trim();

/** A user name as it is stored. */
export const cleanUsername = (username: string): string => cleanText(username);

/**
 * The form that is equal for all spellings of an address: lower case, the domain in ASCII (IDNA). The local part must
 * be ASCII, so that two different addresses never look alike.
 *
 * @returns undefined for a text that is not an e-mail address
 */
export function canonicalEmail(email: string): string | undefined {
  const [, local, domain] = /^([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64})@([^@\s]{1,255})$/.exec(cleanEmail(email)) ?? [];
  if (local === undefined || domain === undefined) return undefined;
  const ascii = domainToASCII(domain.toLowerCase());
  if (!/^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/.test(ascii)) return undefined;
  return `${local.toLowerCase()}@${ascii}`;
}

/**
 * The form that is equal for all spellings of a user name: 3 to 64 of a-z 0-9 . _ -
 *
 * @returns undefined for a text that is not a user name
 */
export function canonicalUsername(username: string): string | undefined {
  const text = cleanUsername(username).toLowerCase();
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
