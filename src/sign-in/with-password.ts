/** Signs a person in with e-mail address or user name, and password. */
import { findAccountByLogin } from '../accounts/account-repository.ts';
import { canonicalEmail, canonicalUsername, type Account } from '../accounts/account.ts';
import { recordEvent } from '../audit/audit-repository.ts';
import { checkPassword, renewPasswordHash } from '../credentials/check-password.ts';
import type { PasswordHasher } from '../credentials/password.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../platform/database.ts';
import { describeDevice } from '../sessions/device.ts';
import type { AttemptLimits } from './attempt-limits.ts';

export interface PasswordSignIn {
  /** E-mail address or user name, as it was typed. */
  login: string;
  password: string;
  clientId: string | undefined;
  ip: string;
  userAgent: string | undefined;
}

export interface SignInServices {
  db: Database;
  hasher: PasswordHasher;
  attemptLimits: AttemptLimits;
}

/** How a person authenticated: `amr` (RFC 8176) and `acr` of ID tokens. */
export interface Proof {
  amr: string[];
  acr: string;
}

/** A password alone is authentication assurance level 1 (NIST SP 800-63B-4). */
const passwordProof: Proof = { amr: ['pwd'], acr: 'aal1' };

/** The canonical form of a login: an e-mail address, a user name, or neither. */
function canonicalLogin(login: string): { email: string | undefined; username: string | undefined } {
  const email = canonicalEmail(login);
  return { email, username: email === undefined ? canonicalUsername(login) : undefined };
}

/** The account with this e-mail address or user name, as somebody typed it. */
export async function findByLogin(db: Database, login: string): Promise<Account | undefined> {
  const { email, username } = canonicalLogin(login);
  return email === undefined && username === undefined ? undefined : findAccountByLogin(db, { email, username });
}

/**
 * Signs a person in. A wrong password and an unknown account give the same answer after the same time.
 *
 * @throws Refusal `credentials_wrong`, `account_suspended` (only for the right password), `too_many_attempts`,
 *   `address_locked`, `sign_in_busy`
 */
export async function signInWithPassword(
  { db, hasher, attemptLimits }: SignInServices,
  { login, password, clientId, ip, userAgent }: PasswordSignIn,
): Promise<{ account: Account; proof: Proof }> {
  hasher.requireCapacity();
  const device = describeDevice(userAgent);
  const { email, username } = canonicalLogin(login);
  const account = await findByLogin(db, login);
  // Attempts count by account: e-mail address and user name share one limit.
  const attempt = await attemptLimits.begin(account?.id ?? email ?? username ?? login, ip);
  const check = await checkPassword(db, hasher, account?.id, password);
  if (!account || !check.isCorrect) {
    const detail = { reason: account ? 'password_wrong' : 'account_unknown', device };
    recordEvent(db, { kind: 'sign-in.failed', accountId: account?.id, clientId, ip, detail });
    throw new Refusal('credentials_wrong');
  }
  const { id: accountId } = account;
  if (account.suspendedAt) {
    const detail = { reason: 'suspended', device };
    recordEvent(db, { kind: 'sign-in.failed', accountId, clientId, ip, detail });
    throw new Refusal('account_suspended');
  }
  await attempt.succeed();
  await renewPasswordHash(db, hasher, accountId, check, password);
  recordEvent(db, { kind: 'sign-in.succeeded', accountId, clientId, ip, detail: { amr: passwordProof.amr, device } });
  return { account, proof: passwordProof };
}
