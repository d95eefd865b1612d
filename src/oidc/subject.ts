/** By which subject an app knows a person (OpenID Connect Core §8). */
import { createHmac } from 'node:crypto';
import type { ClientMetadata } from '../clients/client.ts';

/**
 * Apps of one sector know a person by the same subject: the host of `sector_identifier_uri`, else of the redirect URIs
 * (§8.1). The document behind that address was read when the app was registered (client-validator.ts).
 */
function sectorOf({ sector_identifier_uri: uri, redirect_uris: [redirectUri = ''] = [] }: ClientMetadata): string {
  return new URL(typeof uri === 'string' ? uri : redirectUri).hostname;
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
