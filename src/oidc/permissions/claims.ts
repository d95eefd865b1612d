/** Claims about a person, the scopes that request them (OpenID Connect Core §5.1, §5.4), and the subject (§8). */
import { createHmac } from 'node:crypto';
import { errors, type AccountClaims, type ClaimsParameter, type Client } from 'oidc-provider';
import type { Account } from '../../accounts/account.ts';
import type { ClientMetadata } from '../../clients/client.ts';
import { sectorOf } from '../../clients/client-uri.ts';

/** Scope → the claims that it requests. `sid` is not listed: every ID token has it (models/client.ts). */
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

/** Values of `acr` that a sign-in can reach: authentication assurance levels of NIST SP 800-63B-4. */
export const acrValues = ['aal1'];

/**
 * Checks `sub` and `acr` of the `claims` parameter (OpenID Connect Core §5.5.1).
 *
 * @throws InvalidRequest when `sub` or `acr` has another type than §5.5.1 says
 * @throws UnmetAuthenticationRequirements for an essential `acr` without a value that can be reached (§5.5.1.1), which
 *   would prompt for sign-in without end
 */
export function assertClaimsParameter({ id_token: idToken }: ClaimsParameter): void {
  const sub: unknown = idToken?.['sub'] ?? {};
  const isSubValid = typeof sub === 'object' && typeof ((sub as { value?: unknown }).value ?? '') === 'string';
  if (!isSubValid) throw new errors.InvalidRequest('sub must be an object, and its value a string');
  const { essential, value, values } = idToken?.['acr'] ?? {};
  if (values !== undefined && !Array.isArray(values)) throw new errors.InvalidRequest('acr.values must be an array');
  const requested = [value, ...(values ?? [])].filter((acr) => acr !== undefined);
  if (essential !== true || requested.length === 0 || requested.some((acr) => acrValues.includes(acr))) return;
  throw new errors.UnmetAuthenticationRequirements('none of the requested acr values can be reached');
}

/**
 * The subject identifier (OpenID Connect Core §8): the account's id, or for pairwise clients an HMAC of sector and
 * account id, keyed with the deployment's salt (§8.1).
 *
 * The computation must never change, because apps store the subject.
 *
 * @param salt salt of pairwise subjects (keys/sealed-secret-repository.ts)
 */
export function subjectFor(salt: string, client: ClientMetadata, accountId: string): string {
  if (client['subject_type'] !== 'pairwise') return accountId;
  return createHmac('sha256', salt)
    .update(`${sectorOf(client)}\0${accountId}`)
    .digest('base64url');
}
