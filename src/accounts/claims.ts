/** The standard claims that an account stores in `attributes` (OpenID Connect Core §5.1). */
import { z } from 'zod';
import { Refusal } from '../errors.ts';
import { checkValue, type Reason } from '../reasons.ts';

const text = z.string().trim().min(1).max(500);
const webAddress = z.url({ protocol: /^https?$/, error: 'must_be_web_address' satisfies Reason }).max(2000);
const isTimeZone = (zone: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
};
const isLocale = (locale: string): boolean => {
  try {
    return Intl.getCanonicalLocales(locale).length === 1;
  } catch {
    return false;
  }
};

/** The claims `sub`, `name`, `preferred_username`, `email`, `email_verified` and `updated_at` are columns instead. */
const schema = z
  .strictObject({
    given_name: text,
    family_name: text,
    middle_name: text,
    nickname: text,
    profile: webAddress,
    picture: webAddress,
    website: webAddress,
    gender: text,
    birthdate: z.string().regex(/^(\d{4}|\d{4}-\d{2}-\d{2})$/, 'must_be_date' satisfies Reason),
    zoneinfo: z.string().refine(isTimeZone, 'must_be_time_zone' satisfies Reason),
    locale: z.string().refine(isLocale, 'must_be_language_tag' satisfies Reason),
    phone_number: z.string().regex(/^\+[1-9][\d ().-]{4,30}$/, 'must_be_phone_number' satisfies Reason),
    phone_number_verified: z.boolean(),
    address: z
      .strictObject({
        formatted: text,
        street_address: text,
        locality: text,
        region: text,
        postal_code: text,
        country: text,
      })
      .partial()
      .refine((parts) => Object.keys(parts).length > 0, 'must_have_a_member' satisfies Reason),
  })
  .partial();

export type Claims = z.output<typeof schema>;

/** @throws Refusal `claims_invalid` with the first claim that is invalid, and why */
export function requireClaims(value: unknown): Claims {
  const checked = checkValue(schema, value, 'claims');
  if (checked.problems) throw new Refusal('claims_invalid', checked.problems[0]);
  return checked.value;
}
