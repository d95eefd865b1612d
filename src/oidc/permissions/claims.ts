/** Claims about a person, the scopes that request them (OpenID Connect Core §5.1, §5.4), and the subject (§8). */
import { errors, type AccountClaims, type ClaimsParameter, type Client } from 'oidc-provider';
import type { Account } from '../../accounts/account.ts';
import { createHmac } from 'node:crypto';
import type { ClientMetadata } from '../../clients/client.ts';
import { sectorOf } from '../../clients/client-uri.ts';

/** Scope → claims. The library adds `sid` to every ID token. */
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

/** All claims of an account; the library releases those that were requested and granted. */
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

/** Whether a client's ID tokens hold the claims of the granted scopes, as many libraries expect. */
export const hasClaimsInIdToken = (client: Client): boolean => client['id_token_claims'] === true;

/** Authentication assurance levels that can be reached (NIST SP 800-63B-4). */
export const acrValues = ['aal1'];

/**
 * An essential `acr` that is never reached would prompt for sign-in without end (OpenID Connect Core §5.5.1.1).
 *
 * @throws UnmetAuthenticationRequirements, InvalidRequest
 */
export function assertClaimsParameterMet({ id_token: idToken }: ClaimsParameter): void {
  const sub: unknown = idToken?.['sub'] ?? {};
  const isSubjectAsked = typeof sub === 'object' && typeof ((sub as { value?: unknown }).value ?? '') === 'string';
  if (!isSubjectAsked) throw new errors.InvalidRequest('sub must be an object, its value a text');
  const { essential, value, values } = idToken?.['acr'] ?? {};
  if (values !== undefined && !Array.isArray(values)) throw new errors.InvalidRequest('acr.values must be a list');
  const asked = [value, ...(values ?? [])].filter((one) => one !== undefined);
  if (essential !== true || asked.length === 0 || asked.some((one) => acrValues.includes(one))) return;
  throw new errors.UnmetAuthenticationRequirements('none of the requested acr values can be reached');
}

/**
 * The account's id, or for pairwise apps something that only this deployment can tell to be of the same person.
 *
 * Never change how it is made: apps keep these for ever.
 */
export function subjectFor(salt: string, client: ClientMetadata, accountId: string): string {
  if (client['subject_type'] !== 'pairwise') return accountId;
  return createHmac('sha256', salt)
    .update(`${sectorOf(client)}\0${accountId}`)
    .digest('base64url');
}
