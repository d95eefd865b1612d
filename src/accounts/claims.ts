/** What an account may hold about a person beside name and address: the standard claims (OpenID Connect Core 5.1). */
import { z } from 'zod';
import { Refusal } from '../errors.ts';

const text = z.string().trim().min(1).max(500);
const address = z.url({ protocol: /^https?$/, error: 'must be a web address' }).max(2000);
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

/** `sub`, `name`, `preferred_username`, `email`, `email_verified` and `updated_at` are the account's own columns. */
const schema = z
  .strictObject({
    given_name: text,
    family_name: text,
    middle_name: text,
    nickname: text,
    profile: address,
    picture: address,
    website: address,
    gender: text,
    birthdate: z.string().regex(/^(\d{4}|0000-\d{2}-\d{2}|\d{4}-\d{2}-\d{2})$/, 'must be like 1990-10-31, or a year'),
    zoneinfo: z.string().refine(isTimeZone, 'must be a time zone like Europe/Berlin'),
    locale: z.string().refine(isLocale, 'must be a language tag like en-GB'),
    phone_number: z.string().regex(/^\+[1-9][\d ().-]{4,30}$/, 'must begin with + and the country'),
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
      .refine((parts) => Object.keys(parts).length > 0, 'must have at least one part'),
  })
  .partial();

export type Claims = z.output<typeof schema>;

/** @throws Refusal `claims_invalid` naming the claim and why */
export function requireClaims(value: unknown): Claims {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues as [z.core.$ZodIssue];
  throw new Refusal('claims_invalid', { reason: [path.join('.'), message].filter(Boolean).join(': ') });
}
