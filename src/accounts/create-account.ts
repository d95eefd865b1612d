/** Creates an account. */
import { randomUUID } from 'node:crypto';
import type { Actor } from '../audit/audit-event.ts';
import { recordEvent } from '../audit/audit-repository.ts';
import { upsertPasswordHash } from '../credentials/password-repository.ts';
import { requireAcceptablePassword, type PasswordHasher } from '../credentials/password.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../platform/database.ts';
import { findAccountByLogin, insertAccount } from './account-repository.ts';
import { cleanEmail, cleanUsername, requireEmail, requireUsername } from './account.ts';
import type { Claims } from './claims.ts';

export interface AccountDetails {
  email: string;
  /** Whether the address is known to be the person's. False by default. */
  isEmailVerified?: boolean;
  username?: string | undefined;
  name?: string | undefined;
  password: string;
  /** Claims that `requireClaims` has checked. */
  claims?: Claims;
}

/**
 * @returns the account's id
 * @throws Refusal `email_invalid`, `email_taken`, `username_invalid`, `username_taken`, `password_short`,
 *   `password_long`, `password_repetitive`
 */
export async function createAccount(
  db: Database,
  hasher: PasswordHasher,
  details: AccountDetails,
  by: Actor,
): Promise<string> {
  const { email, username, name, password, claims = {}, isEmailVerified = false } = details;
  const emailCanonical = requireEmail(email);
  const usernameCanonical = username === undefined ? undefined : requireUsername(username);
  const shownUsername = username === undefined ? undefined : cleanUsername(username);
  requireAcceptablePassword(password);
  const hash = await hasher.hash(password);
  const id = randomUUID();
  await db.inUnitOfWork(async () => {
    const emailVerifiedAt = isEmailVerified ? new Date() : undefined;
    const names = { email: cleanEmail(email), emailCanonical, username: shownUsername, usernameCanonical, name };
    if (!(await insertAccount(db, { id, ...names, emailVerifiedAt, attributes: claims }))) {
      const holder = await findAccountByLogin(db, { email: emailCanonical, username: undefined });
      throw new Refusal(holder ? 'email_taken' : 'username_taken');
    }
    upsertPasswordHash(db, id, hash);
    recordEvent(db, { kind: 'account.created', accountId: id, detail: { by } });
  });
  return id;
}
