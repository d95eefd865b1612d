/** The value of the cookie of a known device: whose it is, and until when. */
import { randomUUID } from 'node:crypto';
import { createKeyring, randomToken } from '../platform/secrets.ts';
import { findKnownDevice, issueKnownDevice, knownDeviceSeconds } from './known-device.ts';

const [one, two] = [randomToken(), randomToken()];
const keyring = createKeyring([one]);
const owner = { accountId: randomUUID(), passwordChangedAt: new Date() };

test('D06 a device is known to the account that signed in, and to no other', () => {
  const { value } = issueKnownDevice(keyring, owner);
  const { value: ofOther } = issueKnownDevice(keyring, { ...owner, accountId: randomUUID() });
  expect(findKnownDevice(keyring, owner, [ofOther, value])).toEqual({ value, deviceId: value.split('.')[1] });
  expect(findKnownDevice(keyring, owner, [ofOther])).toBeUndefined();
  expect(findKnownDevice(keyring, { ...owner, accountId: '' }, [value])).toBeUndefined();
});

test('D06 each sign-in has a device of its own, and the value names nobody', () => {
  const values = [1, 2].map(() => issueKnownDevice(keyring, owner).value);
  expect(values[0]).not.toBe(values[1]);
  expect(new Set(values.map((value) => findKnownDevice(keyring, owner, [value])!.deviceId)).size).toBe(2);
  expect(values[0]).not.toContain(owner.accountId);
});

test('D06 a device is forgotten after half a year, and with a new password', () => {
  const now = Date.now();
  const { value } = issueKnownDevice(keyring, owner, now);
  const known = (later: number, as = owner) => findKnownDevice(keyring, as, [value], now + later) !== undefined;
  expect([known(knownDeviceSeconds * 1000 - 1), known(knownDeviceSeconds * 1000)]).toEqual([true, false]);
  expect(known(0, { ...owner, passwordChangedAt: new Date(now + 1) })).toBe(false);
});

test('D06 a value that was changed is none', () => {
  const { value } = issueKnownDevice(keyring, owner);
  const [issuedAt, id, signature] = value.split('.') as [string, string, string];
  const later = (Date.now() + 1_000_000).toString(36);
  const changed = [`${later}.${id}.${signature}`, `${issuedAt}.${'A'.repeat(22)}.${signature}`, `${issuedAt}.${id}.`];
  for (const wrong of [...changed, `${value}x`, '', 'x', '..', `x${value}`]) {
    expect([wrong, findKnownDevice(keyring, owner, [wrong])]).toEqual([wrong, undefined]);
  }
});

test('G02 devices stay known while the root secret is replaced', () => {
  const { value } = issueKnownDevice(keyring, owner);
  expect(findKnownDevice(createKeyring([two, one]), owner, [value])).toBeDefined();
  expect(findKnownDevice(createKeyring([two]), owner, [value])).toBeUndefined();
});
