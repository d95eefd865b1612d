/** Clients as oidc-provider reads them, with what is ours beside the standard metadata. */
import type { Adapter, AdapterPayload } from 'oidc-provider';
import { findClient, type StoredClient } from '../../clients/client-repository.ts';
import type { ClientMetadata } from '../../clients/client.ts';
import type { Database } from '../../platform/database.ts';
import { conformanceClientKey } from '../conformance-profile.ts';

/** Metadata of ours, carried by the library's clients under these names. */
export const ownMetadata = [
  'first_party',
  'self_registered',
  'apis',
  'refresh_idle_seconds',
  'refresh_absolute_seconds',
  'frontchannel_logout_uri',
  'frontchannel_logout_session_required',
  'request_uris',
  conformanceClientKey,
] as const;

/** The library keys its cache of built clients by all that is here, so a change is live at once, everywhere. */
export function toClientPayload(client: StoredClient): AdapterPayload {
  const { request_object_signing_alg: algorithm, ...others } = client.metadata;
  // The library knows signed ones only; the others are ours (request-objects.ts).
  const metadata: ClientMetadata = algorithm === 'none' ? others : client.metadata;
  return {
    ...metadata,
    client_id: client.id,
    // Digests stand where the library expects the secret; Client.prototype.compareClientSecret knows (provider.ts).
    ...(client.secretHashes.length > 0 && { client_secret: client.secretHashes.join(' ') }),
    first_party: client.isFirstParty,
    self_registered: client.isSelfRegistered,
    apis: client.apis,
  };
}

export function createClientAdapter(db: Database): Adapter {
  return {
    async find(id) {
      const client = await findClient(db, id);
      return client && toClientPayload(client);
    },
    upsert: async () => {
      throw new Error('clients are registered by register-client.ts');
    },
    destroy: async () => {
      throw new Error('clients are removed by remove-client.ts');
    },
    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
    consume: async () => {},
    revokeByGrantId: async () => {},
  };
}
