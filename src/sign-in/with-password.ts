/** A step of signing in: e-mail address or user name, and password. */
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

/** What a sign-in amounts to: methods (RFC 8176) and assurance, as ID tokens have them. */
export interface Proof {
  amr: string[];
  acr: string;
}

/** A password alone: NIST SP 800-63B-4 assurance level 1. */
const passwordProof: Proof = { amr: ['pwd'], acr: 'aal1' };

/**
 * Wrong password and unknown account look alike, in words and in time.
 *
 * @throws Refusal `credentials_wrong`, `account_suspended` (after a right password only), `tries_many`,
 *   `address_locked`, `sign_in_busy`
 */
export async function signInWithPassword(
  { db, hasher, attemptLimits }: SignInServices,
  { login, password, clientId, ip, userAgent }: PasswordSignIn,
): Promise<{ account: Account; proof: Proof }> {
  hasher.requireCapacity();
  const device = describeDevice(userAgent);
  const email = canonicalEmail(login);
  const username = email === undefined ? canonicalUsername(login) : undefined;
  const isName = email !== undefined || username !== undefined;
  const account = isName ? await findAccountByLogin(db, { email, username }) : undefined;
  // By account: else its e-mail address and its user name would be two keys to one door.
  const attempt = await attemptLimits.begin(account?.id ?? email ?? username ?? login, ip);
  const check = await checkPassword(db, hasher, account?.id, password);
  if (!account || !check.isRight) {
    const detail = { reason: account ? 'password_wrong' : 'account_unknown', device };
    recordEvent(db, { kind: 'sign-in.failed', accountId: account?.id, clientId, ip, detail });
    throw new Refusal('credentials_wrong');
  }
  if (account.suspendedAt) {
    recordEvent(db, {
      kind: 'sign-in.failed',
      accountId: account.id,
      clientId,
      ip,
      detail: { reason: 'suspended', device },
    });
    throw new Refusal('account_suspended');
  }
  await attempt.succeed();
  await renewPasswordHash(db, hasher, account.id, check, password);
  recordEvent(db, { kind: 'sign-in.succeeded', accountId: account.id, clientId, ip, detail: { amr: ['pwd'], device } });
  return { account, proof: passwordProof };
}
