/** Which claims an account may hold. */
import { Refusal } from '../errors.ts';
import { requireClaims } from './claims.ts';

test.each([
  {},
  { given_name: 'Ann', family_name: 'Archer', middle_name: 'B.', nickname: 'Annie', gender: 'female' },
  { birthdate: '1990-10-31' },
  { birthdate: '1990' },
  { birthdate: '0000-10-31' },
  { zoneinfo: 'Europe/Berlin', locale: 'de-CH-1996' },
  { phone_number: '+49 (30) 901820', phone_number_verified: false },
  { profile: 'https://ann.example/', picture: 'http://localhost/ann.png', website: 'https://ann.example/' },
  { address: { locality: 'Berlin' } },
])('%j is fine', (claims) => expect(requireClaims(claims)).toEqual(claims));

test.each([
  [{ sub: 'x' }, 'sub'],
  [{ email_verified: true }, 'email_verified'],
  [{ name: 'Ann' }, 'name'],
  [{ updated_at: 1 }, 'updated_at'],
  [{ admin: true }, 'admin'],
  [{ given_name: '' }, 'given_name: '],
  [{ given_name: 7 }, 'given_name: '],
  [{ given_name: 'x'.repeat(501) }, 'given_name: '],
  [{ birthdate: '31.10.1990' }, 'birthdate: must be like 1990-10-31'],
  [{ zoneinfo: 'Mars/Olympus' }, 'zoneinfo: must be a time zone'],
  [{ locale: 'not a language' }, 'locale: must be a language tag'],
  [{ picture: 'javascript:alert(1)' }, 'picture: must be a web address'],
  [{ website: 'ann.example' }, 'website: must be a web address'],
  [{ phone_number: '030 901820' }, 'phone_number: must begin with +'],
  [{ phone_number_verified: 'true' }, 'phone_number_verified: '],
  [{ address: 'Berlin' }, 'address: '],
  [{ address: {} }, 'address: must have at least one part'],
  [{ address: { planet: 'Mars' } }, 'planet'],
  [JSON.parse('{"__proto__": {"name": "x"}}'), '__proto__'],
  [[], ''],
  ['text', ''],
  [null, ''],
])('%j is refused with the reason', (claims, reason) => {
  try {
    requireClaims(claims);
    throw new Error('accepted');
  } catch (error) {
    expect((error as Refusal).code).toBe('claims_invalid');
    expect((error as Refusal).values['reason']).toContain(reason);
  }
});
