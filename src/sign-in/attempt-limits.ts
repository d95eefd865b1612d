/** Limits on failed sign-in attempts, by account and by network. */
import { isIPv4, isIPv6 } from 'node:net';
import { Refusal } from '../errors.ts';
import type { Database } from '../platform/database.ts';
import { sharedRateLimit } from '../platform/rate-limits.ts';
import type { Keyring } from '../platform/secrets.ts';

const windowSeconds = 15 * 60;
const maxPerAccount = 10;
const maxPerNetwork = 100;

/** An attempt that has begun. It counts as failed unless `succeed` is called. */
export interface Attempt {
  /** Resets the count of the account, and takes this one attempt off the count of the network. */
  succeed(): Promise<void>;
}

export interface AttemptLimits {
  /**
   * Counts an attempt. The caller checks the credentials afterwards, so that attempts at the same time cannot pass the
   * limit together.
   *
   * @param accountIdOrLogin the canonical form of the login that was typed, when there is no such account
   * @throws Refusal `too_many_attempts` (account) or `address_locked` (network) with the time to wait
   */
  begin(accountIdOrLogin: string, ip: string): Promise<Attempt>;
  /** @returns the seconds until an account may try again; 0 when it may now */
  lockedSeconds(accountId: string): Promise<number>;
  /** Forgets the failed attempts of an account, whichever root secret they were counted under. */
  forget(accountId: string): Promise<void>;
}

/** An address without the port and the brackets that proxies add (RFC 7239 §6). */
const bareAddress = (text: string): string => /^\[([^\]]*)\]|^([\d.]+):\d+$/.exec(text)?.slice(1).find(Boolean) ?? text;

/** The IPv4 address, or the /64 prefix of an IPv6 one; `unknown` for what is no IP address. */
export function networkOf(address: string): string {
  const ip = bareAddress(address);
  if (isIPv4(ip)) return ip;
  if (!isIPv6(ip)) return 'unknown';
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip);
  if (mapped) return mapped[1]!;
  const [head = '', tail] = ip.split('::');
  const groups = head.split(':').filter(Boolean);
  if (tail !== undefined) {
    const after = tail.split(':').filter(Boolean);
    while (groups.length + after.length < 8) groups.push('0');
    groups.push(...after);
  }
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

/** @param factor multiplies every limit */
export function createAttemptLimits(db: Database, keyring: Keyring, factor: number): AttemptLimits {
  const limit = (name: string, max: number) =>
    sharedRateLimit(db, { name, max: Math.round(max * factor), perSeconds: windowSeconds });
  const perAccount = limit('sign-in-account', maxPerAccount);
  const perNetwork = limit('sign-in-address', maxPerNetwork);
  // People type passwords into the wrong field, so the database gets a digest of what was typed.
  const keyOf = (kind: string, value: string) => keyring.digest(kind, value).toString('base64url');
  const keysOfAccount = (accountId: string) =>
    keyring.digests('attempt-account', accountId).map((digest) => digest.toString('base64url'));
  const minutes = (seconds: number) => Math.ceil(seconds / 60);

  return {
    async begin(accountIdOrLogin, ip) {
      const [account, network] = [keyOf('attempt-account', accountIdOrLogin), keyOf('attempt-address', networkOf(ip))];
      const networkWait = await perNetwork.take(network);
      if (networkWait > 0) throw new Refusal('address_locked', { minutes: minutes(networkWait) }, networkWait);
      const accountWait = await perAccount.take(account);
      if (accountWait > 0) throw new Refusal('too_many_attempts', { minutes: minutes(accountWait) }, accountWait);
      return {
        succeed: async () => void (await Promise.all([perAccount.reset(account), perNetwork.refund(network)])),
      };
    },
    async lockedSeconds(accountId) {
      return Math.max(...(await Promise.all(keysOfAccount(accountId).map((key) => perAccount.secondsToWait(key)))));
    },
    async forget(accountId) {
      await Promise.all(keysOfAccount(accountId).map((key) => perAccount.reset(key)));
    },
  };
}
