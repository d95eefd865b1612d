/** Tests which claims an account may have. */
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
])('the claims %j are accepted', (claims) => expect(requireClaims(claims)).toEqual(claims));

test.each([
  [{ sub: 'x' }, 'sub', 'is_unknown'],
  [{ email_verified: true }, 'email_verified', 'is_unknown'],
  [{ name: 'Ann' }, 'name', 'is_unknown'],
  [{ updated_at: 1 }, 'updated_at', 'is_unknown'],
  [{ admin: true }, 'admin', 'is_unknown'],
  [{ given_name: '' }, 'given_name', 'must_be_text'],
  [{ given_name: 7 }, 'given_name', 'must_be_text'],
  [{ given_name: 'x'.repeat(501) }, 'given_name', 'text_too_long'],
  [{ birthdate: '31.10.1990' }, 'birthdate', 'must_be_date'],
  [{ zoneinfo: 'Mars/Olympus' }, 'zoneinfo', 'must_be_time_zone'],
  [{ locale: 'not a language' }, 'locale', 'must_be_language_tag'],
  [{ picture: 'javascript:alert(1)' }, 'picture', 'must_be_web_address'],
  [{ website: 'ann.example' }, 'website', 'must_be_web_address'],
  [{ phone_number: '030 901820' }, 'phone_number', 'must_be_phone_number'],
  [{ phone_number_verified: 'true' }, 'phone_number_verified', 'must_be_boolean'],
  [{ address: 'Berlin' }, 'address', 'must_be_object'],
  [{ address: {} }, 'address', 'must_have_a_member'],
  [{ address: { planet: 'Mars' } }, 'address.planet', 'is_unknown'],
  [JSON.parse('{"__proto__": {"name": "x"}}'), '__proto__', 'is_unknown'],
  [[], 'claims', 'must_be_object'],
  ['text', 'claims', 'must_be_object'],
  [null, 'claims', 'must_be_object'],
])('the claims %j are refused, and the error names the claim and the reason', (claims, field, reason) => {
  try {
    requireClaims(claims);
    throw new Error('accepted');
  } catch (error) {
    expect(error).toMatchObject({ code: 'claims_invalid', values: { field, reason } });
  }
});
