/** The built-in client: the account pages, to which people sign in as to any app. */
import type { Database } from '../platform/database.ts';
import { upsertOwnClient } from './client-repository.ts';
import type { ClientMetadata } from './client.ts';

/** `client_id` of the built-in client. */
export const ownClientId = 'frontdesk';

export const ownRedirectUri = (issuer: string): string => `${issuer}/account/callback`;

/** Inserts the built-in client, or updates its metadata, which contains the issuer. */
export async function ensureOwnClient(db: Database, issuer: string): Promise<void> {
  const metadata: ClientMetadata = {
    client_name: 'Frontdesk',
    client_uri: issuer,
    application_type: 'web',
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    scope: 'openid',
    redirect_uris: [ownRedirectUri(issuer)],
  };
  await db.inUnitOfWork(async () => upsertOwnClient(db, ownClientId, metadata));
}
