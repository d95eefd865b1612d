/** Signs a person in with e-mail address or user name, and password. */
import { findAccountByLogin } from '../accounts/account-repository.ts';
import { canonicalEmail, canonicalUsername, type Account } from '../accounts/account.ts';
import { recordEvent } from '../audit/audit-repository.ts';
import { checkPassword, renewPasswordHash } from '../credentials/check-password.ts';
import type { PasswordHasher } from '../credentials/password.ts';
import { Refusal } from '../errors.ts';
import { findLogin } from '../lookups/login-lookup-repository.ts';
import type { Database } from '../platform/database.ts';
import type { Log } from '../platform/log.ts';
import type { Keyring } from '../platform/secrets.ts';
import { describeDevice } from '../sessions/device.ts';
import type { Attempt, AttemptLimits } from './attempt-limits.ts';
import { findKnownDevice, issueKnownDevice, type KnownDevice } from './known-device.ts';

export interface PasswordSignIn {
  /** E-mail address or user name, as it was typed. */
  login: string;
  password: string;
  clientId: string | undefined;
  ip: string;
  userAgent: string | undefined;
  /** The values of this browser's cookies of known devices. */
  knownDevices: string[];
}

export interface SignInServices {
  db: Database;
  log: Log;
  keyring: Keyring;
  hasher: PasswordHasher;
  attemptLimits: AttemptLimits;
}

/** How a person authenticated: `amr` (RFC 8176) and `acr` of ID tokens. */
export interface Proof {
  amr: string[];
  acr: string;
}

export interface SignedIn {
  account: Account;
  proof: Proof;
  /** The known device that this browser is from now on. */
  device: KnownDevice;
  /** The known device that this browser was before. */
  previousDevice: KnownDevice | undefined;
}

/** A password alone is authentication assurance level 1 (NIST SP 800-63B-4). */
const passwordProof: Proof = { amr: ['pwd'], acr: 'aal1' };

/** The canonical form of a typed login: an e-mail address, a user name, or neither. */
function canonicalLogin(login: string): { email: string | undefined; username: string | undefined } {
  const email = canonicalEmail(login);
  return { email, username: email === undefined ? canonicalUsername(login) : undefined };
}

/** The account with this e-mail address or user name. @param login as it was typed */
export async function findByLogin(db: Database, login: string): Promise<Account | undefined> {
  const { email, username } = canonicalLogin(login);
  return email === undefined && username === undefined ? undefined : findAccountByLogin(db, { email, username });
}

type Failure = { accountId: string | undefined } & Pick<PasswordSignIn, 'clientId' | 'ip'>;

/** Tells operators, by the log and an audit event, about the budgets that this attempt used up. */
function reportUsedUp({ db, log }: SignInServices, { usedUp, network }: Attempt, failure: Failure): void {
  if (usedUp.length === 0) return;
  log.warn({ budgets: usedUp, network, accountId: failure.accountId }, 'sign-in attempts are used up');
  recordEvent(db, { kind: 'sign-in.limited', ...failure, detail: { budgets: usedUp } });
}

/**
 * Signs a person in. A wrong password, an unknown account, and an account whose attempts are used up under its other
 * name are refused in the same way and after the same time.
 *
 * @throws Refusal `credentials_wrong`, `credentials_wrong_again` (several times here), `account_suspended` (only for
 *   the right password), `too_many_attempts`, `address_locked`, `sign_in_limited`, `sign_in_busy`
 */
export async function signInWithPassword(services: SignInServices, request: PasswordSignIn): Promise<SignedIn> {
  const { db, hasher, keyring, attemptLimits } = services;
  const { login, password, clientId, ip, userAgent, knownDevices } = request;
  hasher.requireCapacity();
  const { email, username } = canonicalLogin(login);
  const { account, password: stored } = (await findLogin(db, { email, username })) ?? {};
  const owner = { accountId: account?.id ?? '', passwordChangedAt: stored?.changedAt ?? new Date(0) };
  const previousDevice = findKnownDevice(keyring, owner, knownDevices);
  const attempt = await attemptLimits.begin({
    name: email ?? username ?? login,
    accountId: account?.id,
    ip,
    deviceId: previousDevice?.deviceId,
  });
  const check = await checkPassword(hasher, attempt.mayEvaluate ? stored : undefined, password);
  if (!account || !check.isCorrect || account.suspendedAt) {
    const reason = !account ? 'account_unknown' : check.isCorrect ? 'suspended' : 'password_wrong';
    const failure = { accountId: account?.id, clientId, ip };
    const detail = { reason: attempt.mayEvaluate ? reason : 'attempts_used_up', device: describeDevice(userAgent) };
    recordEvent(db, { kind: 'sign-in.failed', ...failure, detail });
    reportUsedUp(services, attempt, failure);
    if (check.isCorrect) throw new Refusal('account_suspended');
    throw new Refusal(attempt.isRepeated ? 'credentials_wrong_again' : 'credentials_wrong');
  }
  const { id: accountId } = account;
  await attempt.succeed();
  await renewPasswordHash(db, hasher, accountId, check, password);
  const detail = { amr: passwordProof.amr, device: describeDevice(userAgent) };
  recordEvent(db, { kind: 'sign-in.succeeded', accountId, clientId, ip, detail });
  return { account, proof: passwordProof, device: issueKnownDevice(keyring, owner), previousDevice };
}
