/** Which claims tell about a person, and which scope asks for them (OpenID Connect Core 5.1 and 5.4). */
import type { AccountClaims } from 'oidc-provider';
import type { Account } from '../accounts/account.ts';

/** Scope → claims. `sid` goes into every ID token as well, by the library. */
export const claimsOfScope = {
  openid: ['sub', 'acr', 'amr', 'auth_time'],
  profile: [
    'name',
    'family_name',
    'given_name',
    'middle_name',
    'nickname',
    'preferred_username',
    'profile',
    'picture',
    'website',
    'gender',
    'birthdate',
    'zoneinfo',
    'locale',
    'updated_at',
  ],
  email: ['email', 'email_verified'],
  address: ['address'],
  phone: ['phone_number', 'phone_number_verified'],
};

/** All that is known; the library hands out what was asked for and agreed. */
export function claimsOf(account: Account): AccountClaims {
  return {
    ...account.attributes,
    sub: account.id,
    email: account.email,
    email_verified: account.emailVerifiedAt !== undefined,
    ...(account.name !== undefined && { name: account.name }),
    ...(account.username !== undefined && { preferred_username: account.username }),
    updated_at: Math.floor(account.updatedAt.getTime() / 1000),
  };
}
