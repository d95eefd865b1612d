/** Tests digests, signatures and seals with one and with several root secrets. */
import { createHmac } from 'node:crypto';
import { constantTimeEqual, createKeyring, randomToken } from './secrets.ts';

const [oldSecret, newSecret] = [randomToken(), randomToken()];
const oldKeyring = createKeyring([oldSecret]);
const keyringOfBoth = createKeyring([newSecret, oldSecret]);
const newKeyring = createKeyring([newSecret]);

test('a digest depends on the secret, the kind and the value, and names its secret', () => {
  expect(oldKeyring.digest('Session', 'x')).toEqual(oldKeyring.digest('Session', 'x'));
  expect(oldKeyring.digest('Session', 'x')).not.toEqual(oldKeyring.digest('Session', 'y'));
  expect(oldKeyring.digest('Session', 'x')).not.toEqual(oldKeyring.digest('RefreshToken', 'x'));
  expect(oldKeyring.digest('Session', 'x')).toHaveLength(36);
  expect(oldKeyring.digest('a', 'b').subarray(0, 4)).not.toEqual(newKeyring.digest('a', 'b').subarray(0, 4));
});

test('the same secret gives the same digests and signatures in every release', () => {
  const keyring = createKeyring(['a'.repeat(40)]);
  const digest = keyring.digest('a', 'b');
  expect(digest.toString('hex')).toBe('65a935c73b1d12be34a56c9fa6861e1e9c3531feff7cabfc44234779318717947f7bece1');
  expect(keyring.sign('x')).toBe('UtmX89HJa3ZwuKJMVHUcPhz7Inkx-ZVHgp9Ug4Wx7Ls');
  expect(keyring.successor(digest, Buffer.from('s'), 'v')).toBe('lgSsHSUshfvGcCUYrBdv5nv1xtPZRJ5CIXYh5Lhwd1Y');
  const cookie = createHmac('sha256', keyring.cookieKeys[0]!).update('d').digest('base64url');
  expect(cookie).toBe('53I6xH8WX9M8LyoSfJYEs6xec7x2kXZadlvDHpdhNzY');
});

test('G02 lookups also use the digest by the older secret', () => {
  expect(keyringOfBoth.digests('Session', 'x')).toEqual([
    newKeyring.digest('Session', 'x'),
    oldKeyring.digest('Session', 'x'),
  ]);
});

test('a form signature is valid only when its secret is configured', () => {
  expect(keyringOfBoth.isSigned('text', oldKeyring.sign('text'))).toBe(true);
  expect(newKeyring.isSigned('text', oldKeyring.sign('text'))).toBe(false);
  expect(oldKeyring.isSigned('other', oldKeyring.sign('text'))).toBe(false);
  expect(oldKeyring.isSigned('text', '')).toBe(false);
});

test('a sealed value opens only unchanged and in its context', () => {
  const sealed = oldKeyring.seal('keys 1', 'a private key');
  expect(sealed.toString('latin1')).not.toContain('private');
  expect(oldKeyring.open('keys 1', sealed)).toBe('a private key');
  expect(() => oldKeyring.open('keys 2', sealed)).toThrow();
  for (const position of [0, 5, 20, sealed.length - 1]) {
    const changed = Buffer.from(sealed);
    changed[position]! ^= 1;
    expect(() => oldKeyring.open('keys 1', changed)).toThrow();
  }
  expect(() => oldKeyring.open('keys 1', sealed.subarray(0, 20))).toThrow();
  expect(oldKeyring.seal('keys 1', 'a private key')).not.toEqual(sealed);
});

test('a value sealed with an older secret is stale, and opens while that secret is configured', () => {
  const sealed = oldKeyring.seal('keys 1', 'a private key');
  expect(keyringOfBoth.open('keys 1', sealed)).toBe('a private key');
  expect(keyringOfBoth.isStale(sealed)).toBe(true);
  expect(keyringOfBoth.isStale(keyringOfBoth.seal('keys 1', 'x'))).toBe(false);
  expect(() => newKeyring.open('keys 1', sealed)).toThrow('no longer set');
});

test('a keyring without a secret is refused', () => {
  expect(() => createKeyring([])).toThrow();
});

test('a repeated secret counts once', () => {
  expect(createKeyring([oldSecret, oldSecret]).digests('Session', 'x')).toHaveLength(1);
});

test('a comparison covers both values entirely', () => {
  expect(constantTimeEqual('same', 'same')).toBe(true);
  expect(constantTimeEqual('same', 'some')).toBe(false);
  expect(constantTimeEqual('', 'x')).toBe(false);
});
