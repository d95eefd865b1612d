/** Tests for which account and how long the cookie of a known device is valid. */
import { randomUUID } from 'node:crypto';
import { createKeyring, randomToken } from '../platform/secrets.ts';
import { findKnownDevice, issueKnownDevice, knownDeviceSeconds } from './known-device.ts';

const [oldSecret, newSecret] = [randomToken(), randomToken()];
const keyring = createKeyring([oldSecret]);
const owner = { accountId: randomUUID(), passwordChangedAt: new Date() };

test('D06 a device is known only for the account that signed in', () => {
  const { value } = issueKnownDevice(keyring, owner);
  const { value: valueOfOtherAccount } = issueKnownDevice(keyring, { ...owner, accountId: randomUUID() });
  expect(findKnownDevice(keyring, owner, [valueOfOtherAccount, value])).toEqual({
    value,
    deviceId: value.split('.')[1],
  });
  expect(findKnownDevice(keyring, owner, [valueOfOtherAccount])).toBeUndefined();
  expect(findKnownDevice(keyring, { ...owner, accountId: '' }, [value])).toBeUndefined();
});

test('D06 each sign-in issues a new device id, and the value does not name the account', () => {
  const values = [1, 2].map(() => issueKnownDevice(keyring, owner).value);
  expect(values[0]).not.toBe(values[1]);
  expect(new Set(values.map((value) => findKnownDevice(keyring, owner, [value])!.deviceId)).size).toBe(2);
  expect(values[0]).not.toContain(owner.accountId);
});

test('D06 a device is known for half a year at most, and not after a new password', () => {
  const now = Date.now();
  const { value } = issueKnownDevice(keyring, owner, now);
  const isKnown = (later: number, as = owner) => findKnownDevice(keyring, as, [value], now + later) !== undefined;
  expect([isKnown(knownDeviceSeconds * 1000 - 1), isKnown(knownDeviceSeconds * 1000)]).toEqual([true, false]);
  expect(isKnown(0, { ...owner, passwordChangedAt: new Date(now + 1) })).toBe(false);
});

test('D06 a changed value is invalid', () => {
  const { value } = issueKnownDevice(keyring, owner);
  const [issuedAt, id, signature] = value.split('.') as [string, string, string];
  const later = (Date.now() + 1_000_000).toString(36);
  const changed = [`${later}.${id}.${signature}`, `${issuedAt}.${'A'.repeat(22)}.${signature}`, `${issuedAt}.${id}.`];
  for (const invalidValue of [...changed, `${value}x`, '', 'x', '..', `x${value}`]) {
    expect([invalidValue, findKnownDevice(keyring, owner, [invalidValue])]).toEqual([invalidValue, undefined]);
  }
});

test('G02 devices stay known while the root secret is replaced', () => {
  const { value } = issueKnownDevice(keyring, owner);
  expect(findKnownDevice(createKeyring([newSecret, oldSecret]), owner, [value])).toBeDefined();
  expect(findKnownDevice(createKeyring([newSecret]), owner, [value])).toBeUndefined();
});
