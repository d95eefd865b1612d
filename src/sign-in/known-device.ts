/** Known devices: browsers in which an account has signed in before, known by a cookie that gives no access. */
import { randomBytes } from 'node:crypto';
import type { Keyring } from '../platform/secrets.ts';

// Wrong attempts on a known device count apart from all others, so that an attacker's attempts do not lock the owner
// out. A copied cookie gives its holder only a budget of attempts, so it stays valid after a sign-out: a person who
// signs out everywhere because of an attack needs it to sign in again. It is invalid after a change of the password,
// because a person who knew the old password may have collected many cookies.

/** How long a device stays known after a sign-in. */
export const knownDeviceSeconds = 180 * 24 * 60 * 60;

/** An account, and when its password was set. */
export interface DeviceOwner {
  accountId: string;
  passwordChangedAt: Date;
}

export interface KnownDevice {
  /** Random: different for each sign-in. */
  deviceId: string;
  /** The value of its cookie. */
  value: string;
}

const pattern = /^([0-9a-z]{1,12})\.([\w-]{22})\.([\w-]{43})$/;

/**
 * The text whose signature is in the cookie. The account is not in the cookie, and cannot be found without the root secret.
 */
const messageOf = ({ accountId, passwordChangedAt }: DeviceOwner, issuedAt: string, deviceId: string): string =>
  ['known device', accountId, passwordChangedAt.getTime(), issuedAt, deviceId].join('\0');

/** When a cookie was issued, in milliseconds since 1970, unverified; 0 when the value is no such cookie. */
export const issuedAtOf = (value: string): number => Number.parseInt(pattern.exec(value)?.[1] ?? '0', 36);

/** Makes a device and its cookie. */
export function issueKnownDevice(keyring: Keyring, owner: DeviceOwner, now = Date.now()): KnownDevice {
  const issuedAt = now.toString(36);
  const deviceId = randomBytes(16).toString('base64url');
  return { deviceId, value: `${issuedAt}.${deviceId}.${keyring.sign(messageOf(owner, issuedAt, deviceId))}` };
}

/**
 * Finds the cookie of an account.
 *
 * @param values the values of a browser's cookies, which may be of several accounts
 * @returns undefined when the browser is no known device of this account
 */
export function findKnownDevice(
  keyring: Keyring,
  owner: DeviceOwner,
  values: readonly string[],
  now = Date.now(),
): KnownDevice | undefined {
  for (const value of values) {
    const [, issuedAt = '', deviceId = '', signature = ''] = pattern.exec(value) ?? [];
    const isOfAge = issuedAtOf(value) > now - knownDeviceSeconds * 1000;
    if (isOfAge && keyring.isSigned(messageOf(owner, issuedAt, deviceId), signature)) return { deviceId, value };
  }
  return undefined;
}
