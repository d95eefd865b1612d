/** Tests the rules for new passwords, their hashes and the queue of the hasher. */
import { Refusal } from '../errors.ts';
import { createQueue } from '../platform/bounded-queue.ts';
import { runAsRequest } from '../platform/current-request.ts';
import { createPasswordHasher, requireAcceptablePassword } from './password.ts';

const codeOf = (work: () => void): string | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as Refusal).code;
  }
};

test.each([
  ['fourteen char!', 'password_short'],
  ['fifteen chars!!', undefined],
  // A character outside of the Basic Multilingual Plane counts as one.
  ['😀'.repeat(14), 'password_short'],
  ['😀🙂'.repeat(128), undefined],
  ['😀🙂'.repeat(128) + 'x', 'password_long'],
  ['a'.repeat(20), 'password_repetitive'],
  [' '.repeat(20), 'password_repetitive'],
  ['only small letters', undefined],
])('D01 the problem of the new password %j is %p', (password, code) => {
  expect(codeOf(() => requireAcceptablePassword(password))).toBe(code);
});

test('D01 a hash covers all characters, and Unicode forms of one password are equal', async () => {
  const hasher = await createPasswordHasher();
  const long = 'x'.repeat(255);
  const hash = await hasher.hash(`${long}y`);
  expect(await hasher.verify(`${long}y`, hash)).toBe(true);
  expect(await hasher.verify(`${long}z`, hash)).toBe(false);
  expect(await hasher.verify('ﬁfteen letters é', await hasher.hash('fifteen letters é'))).toBe(true);
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
});

test('a verification without a stored hash fails, and a hash with old parameters is outdated', async () => {
  const hasher = await createPasswordHasher();
  expect(await hasher.verify('no account has this password', undefined)).toBe(false);
  expect(hasher.isOutdated(await hasher.hash('a password of today'))).toBe(false);
  expect(hasher.isOutdated('$argon2id$v=19$m=4096,t=3,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA')).toBe(true);
});

test('D03 a sign-in that would wait too long is refused before any work', async () => {
  const hasher = await createPasswordHasher();
  const waiting: Promise<boolean>[] = [];
  let code: string | undefined;
  for (let count = 0; count < 150 && code === undefined; count += 1) {
    waiting.push(hasher.verify('wrong', undefined));
    code = codeOf(() => hasher.requireCapacity());
  }
  expect(code).toBe('sign_in_busy');
  expect(waiting.length).toBeGreaterThan(10);
  await Promise.all(waiting);
  expect(codeOf(() => hasher.requireCapacity())).toBeUndefined();
});

test('D03 no hash is computed for a client that has disconnected', async () => {
  const hasher = await createPasswordHasher();
  const earlierHashes = Array.from({ length: 20 }, () => hasher.verify('wrong', undefined));
  const client = new AbortController();
  const place = await createQueue({ concurrency: 1, maxWaiting: 0, maxWaitMilliseconds: 0 }).enter();
  const request = { place, signal: client.signal };
  const refusedHash = runAsRequest(request, () => hasher.verify('wrong', undefined));
  client.abort();
  await expect(refusedHash).rejects.toMatchObject({ code: 'sign_in_busy' });
  await Promise.all(earlierHashes);
});
