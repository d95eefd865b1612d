/** Reads clients for oidc-provider, with the metadata that Frontdesk adds to the standard one. */
import type { Adapter, AdapterPayload } from 'oidc-provider';
import { findCachedClient, type StoredClient } from '../../clients/client-repository.ts';
import { needsSecret, originsOf, type Client, type ClientMetadata } from '../../clients/client.ts';
import type { Database } from '../../platform/database.ts';
import { randomToken } from '../../platform/secrets.ts';
import { conformanceClientKey } from '../conformance-profile.ts';

/** Names of metadata that oidc-provider does not know. */
export const ownMetadata = [
  'first_party',
  'self_registered',
  'apis',
  'refresh_idle_seconds',
  'refresh_absolute_seconds',
  'frontchannel_logout_uri',
  'frontchannel_logout_session_required',
  'request_uris',
  'id_token_claims',
  'require_pkce',
  'fapi_profile',
  'sends_pkce',
  'secrets',
  'origins',
  conformanceClientKey,
] as const;

/**
 * Default of `id_token_claims`: ID tokens hold the claims of the granted scopes, except those for self-registered
 * clients and for clients of the conformance suite.
 */
export const idTokenHasClaimsByDefault = ({
  isSelfRegistered,
  metadata,
}: Pick<Client, 'isSelfRegistered' | 'metadata'>): boolean =>
  !isSelfRegistered && metadata[conformanceClientKey] !== true;

/** The metadata of a client for oidc-provider. */
export function toClientPayload(client: StoredClient): AdapterPayload {
  const { request_object_signing_alg: algorithm, ...others } = client.metadata;
  // The library supports signed request objects only; unsigned ones are handled in request-objects.ts.
  const metadata: ClientMetadata = algorithm === 'none' ? others : client.metadata;
  return {
    id_token_claims: idTokenHasClaimsByDefault(client),
    ...metadata,
    client_id: client.id,
    // The library requires a `client_secret`. This one is never compared: models/client.ts compares with `secrets`.
    ...(needsSecret(client.metadata) && { client_secret: client.secrets[0]?.hash ?? randomToken() }),
    secrets: client.secrets,
    origins: originsOf(client.kind, client.metadata),
    sends_pkce: client.sendsPkce,
    first_party: client.isFirstParty,
    self_registered: client.isSelfRegistered,
    apis: client.apis,
  };
}

export function createClientAdapter(db: Database): Adapter {
  return {
    async find(id) {
      const client = await findCachedClient(db, id);
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
