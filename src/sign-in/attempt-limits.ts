/** How many wrong tries there may be, for each account and for each address they come from. */
import { isIPv4, isIPv6 } from 'node:net';
import { Refusal } from '../errors.ts';
import type { Database } from '../platform/database.ts';
import { sharedRateLimit } from '../platform/rate-limits.ts';
import type { Keyring } from '../platform/secrets.ts';

const windowSeconds = 15 * 60;
const triesPerAccount = 10;
const triesPerAddress = 100;

/** One try under way: counted as wrong until it proves right. */
export interface Attempt {
  succeed(): Promise<void>;
}

export interface AttemptLimits {
  /**
   * Counts a try before it is evaluated, so that many at once do not slip past.
   *
   * @param login the account, or the canonical form of what was typed where there is none
   * @throws Refusal `tries_many` (this account) or `address_locked` (this address), with the time to wait
   */
  begin(login: string, ip: string): Promise<Attempt>;
}

/** Proxies add the port to an address, and brackets to an IPv6 one (RFC 7239 §6). */
const bareAddress = (text: string): string => /^\[([^\]]*)\]|^([\d.]+):\d+$/.exec(text)?.slice(1).find(Boolean) ?? text;

/** One household or office for IPv6: its /64. What is no address counts as one network. */
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
  const limit = (name: string, tries: number) =>
    sharedRateLimit(db, { name, tries: Math.round(tries * factor), perSeconds: windowSeconds });
  const perAccount = limit('sign-in-account', triesPerAccount);
  const perAddress = limit('sign-in-address', triesPerAddress);
  // People type passwords into the wrong field: what was typed is kept as a digest only.
  const keyOf = (kind: string, value: string) => keyring.digest(kind, value).toString('base64url');
  const minutes = (seconds: number) => Math.ceil(seconds / 60);

  return {
    async begin(login, ip) {
      const [account, address] = [keyOf('attempt-account', login), keyOf('attempt-address', networkOf(ip))];
      const addressWait = await perAddress.take(address);
      if (addressWait > 0) throw new Refusal('address_locked', { minutes: minutes(addressWait) }, addressWait);
      const accountWait = await perAccount.take(account);
      if (accountWait > 0) throw new Refusal('tries_many', { minutes: minutes(accountWait) }, accountWait);
      return {
        succeed: async () => void (await Promise.all([perAccount.forget(account), perAddress.refund(address)])),
      };
    },
  };
}
