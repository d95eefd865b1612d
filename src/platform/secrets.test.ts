/** Digests, signatures and seals, with one secret and with several. */
import { constantTimeEqual, createKeyring, randomToken } from './secrets.ts';

const [one, two] = [randomToken(), randomToken()];
const old = createKeyring([one]);
const both = createKeyring([two, one]);
const fresh = createKeyring([two]);

test('a digest depends on the secret, the kind and the value, and names its secret', () => {
  expect(old.digest('Session', 'x')).toEqual(old.digest('Session', 'x'));
  expect(old.digest('Session', 'x')).not.toEqual(old.digest('Session', 'y'));
  expect(old.digest('Session', 'x')).not.toEqual(old.digest('RefreshToken', 'x'));
  expect(old.digest('Session', 'x')).toHaveLength(36);
  expect(old.digest('a', 'b').subarray(0, 4)).not.toEqual(fresh.digest('a', 'b').subarray(0, 4));
});

test('G02 digests of an older secret are still found', () => {
  expect(both.digests('Session', 'x')).toEqual([fresh.digest('Session', 'x'), old.digest('Session', 'x')]);
});

test('form signatures of every configured secret are valid, others are not', () => {
  expect(both.isSigned('text', old.sign('text'))).toBe(true);
  expect(fresh.isSigned('text', old.sign('text'))).toBe(false);
  expect(old.isSigned('other', old.sign('text'))).toBe(false);
  expect(old.isSigned('text', '')).toBe(false);
});

test('a sealed value opens only in its context, and only unchanged', () => {
  const sealed = old.seal('keys 1', 'a private key');
  expect(sealed.toString('latin1')).not.toContain('private');
  expect(old.open('keys 1', sealed)).toBe('a private key');
  expect(() => old.open('keys 2', sealed)).toThrow();
  for (const place of [0, 5, 20, sealed.length - 1]) {
    const changed = Buffer.from(sealed);
    changed[place]! ^= 1;
    expect(() => old.open('keys 1', changed)).toThrow();
  }
  expect(() => old.open('keys 1', sealed.subarray(0, 20))).toThrow();
  expect(old.seal('keys 1', 'a private key')).not.toEqual(sealed);
});

test('a value sealed with an older secret opens while that is configured, and is stale', () => {
  const sealed = old.seal('keys 1', 'a private key');
  expect(both.open('keys 1', sealed)).toBe('a private key');
  expect(both.isStale(sealed)).toBe(true);
  expect(both.isStale(both.seal('keys 1', 'x'))).toBe(false);
  expect(() => fresh.open('keys 1', sealed)).toThrow('no longer set');
});

test('a keyring without a secret is refused', () => {
  expect(() => createKeyring([])).toThrow();
});

test('a secret that is given twice counts once', () => {
  expect(createKeyring([one, one]).digests('Session', 'x')).toHaveLength(1);
});

test('a comparison takes the whole of both values into account', () => {
  expect(constantTimeEqual('same', 'same')).toBe(true);
  expect(constantTimeEqual('same', 'some')).toBe(false);
  expect(constantTimeEqual('', 'x')).toBe(false);
});
