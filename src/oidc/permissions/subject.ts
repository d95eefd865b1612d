/** By which subject an app knows a person (OpenID Connect Core §8). */
import { createHmac } from 'node:crypto';
import type { ClientMetadata } from '../../clients/client.ts';
import { sectorOf } from '../../clients/sector.ts';

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
