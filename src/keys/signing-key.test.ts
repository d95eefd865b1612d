/** Tests the phases, the order and the ids of signing keys. */
import { inSigningOrder, makeSigningKey, phaseOf, publicJwk } from './signing-key.ts';

const now = new Date('2026-11-21T12:00:00Z');
const at = (hours: number) => new Date(now.getTime() + hours * 3_600_000);

test.each([
  ['announced', at(1), undefined],
  ['signing', at(0), undefined],
  ['signing', at(-5), at(1)],
  ['retired', at(-5), at(0)],
] as const)('a key is %s according to its times', (phase, signsFrom, retiresAt) => {
  expect(phaseOf({ signsFrom, retiresAt }, now)).toBe(phase);
});

test('the newest key that may sign comes first', async () => {
  const newKey = await makeSigningKey('ES256', now);
  const key = (kid: string, signsFrom: Date, retiresAt?: Date) => ({ ...newKey, kid, signsFrom, retiresAt });
  const keys = [key('retired', at(-9), at(-1)), key('announced', at(1)), key('older', at(-8)), key('newer', at(-2))];
  expect(inSigningOrder(keys, now).map(({ kid }) => kid)).toEqual(['newer', 'older', 'announced', 'retired']);
});

test.each(['RS256', 'ES256'] as const)(
  '%s keys have their thumbprint as id and publish no private member',
  async (algorithm) => {
    const key = await makeSigningKey(algorithm, now);
    expect(key.kid).toMatch(/^[\w-]{43}$/);
    expect(publicJwk(key)).toMatchObject({ kid: key.kid, alg: algorithm, use: 'sig' });
    for (const part of ['d', 'p', 'q', 'dp', 'dq', 'qi']) expect(publicJwk(key)).not.toHaveProperty(part);
  },
);
