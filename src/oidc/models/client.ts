/** Methods of oidc-provider's Client that are replaced. */
import type { Adapter, Client, Provider } from 'oidc-provider';
import { findCachedClient, type StoredClient } from '../../clients/client-repository.ts';
import { replaceSecretHash, updateSecretLastUsed } from '../../clients/client-secret-repository.ts';
import { isExpired } from '../../clients/client-secret.ts';
import type { ClientSecret } from '../../clients/client.ts';
import { isRegisteredUri } from '../../clients/match-redirect-uri.ts';
import type { Database } from '../../platform/database.ts';
import { givingUpPlace } from '../../platform/current-request.ts';
import { constantTimeEqual, type Keyring } from '../../platform/secrets.ts';
import { queueLogoutNotice } from '../../sessions/app-removal-repository.ts';
import { toClientPayload } from '../adapter/client-adapter.ts';
import { requireNavigation } from '../interaction/navigation.ts';
import { supportedPrompts } from '../interaction/prompts.ts';
import { restrictToRegistration } from '../permissions/scopes.ts';
import { protocolContext } from '../protocol-context.ts';

interface ClientModel extends Client {
  compareClientSecret: (this: ClientModel, presented: string) => boolean;
  includeSid: () => boolean;
  backchannelLogout: (this: ClientModel, accountId: string, sid: string) => Promise<void>;
  responseTypeAllowed: (this: ClientModel, type: string) => boolean;
  redirectUriAllowed: (this: ClientModel, uri: string) => boolean;
  postLogoutRedirectUriAllowed: (this: ClientModel, uri: string) => boolean;
}

interface Stores {
  db: Database;
  keyring: Keyring;
}

/** `last_used_at` of a secret is written at most once in this time. */
const lastUsedIntervalSeconds = 3600;

const secretsOf = (client: Client): ClientSecret[] => (client['secrets'] ?? []) as ClientSecret[];

/**
 * Records that a secret was used. A digest made with an older root secret is replaced, so that the older root secret
 * can be removed from the settings.
 */
function recordUse(db: Database, clientId: string, { id, hash, lastUsedAt }: ClientSecret, newestHash: string): void {
  if (hash !== newestHash) return replaceSecretHash(db, clientId, id, newestHash);
  const isRecent = lastUsedAt !== undefined && Date.now() - lastUsedAt.getTime() < lastUsedIntervalSeconds * 1000;
  if (!isRecent) updateSecretLastUsed(db, clientId, id, lastUsedIntervalSeconds);
}

/** Whether the presented secret is a secret of the client that has not expired. Records its use. */
function isSecretOf(client: Client, { db, keyring }: Stores, presented: string): boolean {
  const stored = secretsOf(client);
  const digests = keyring.digests('client-secret', presented).map((digest) => digest.toString('hex'));
  // All comparisons are made, so that timing does not tell which secret matched.
  const matches = stored.map(({ hash }) => digests.map((digest) => constantTimeEqual(hash, digest)).includes(true));
  const matching = stored[matches.indexOf(true)];
  if (!matching || isExpired(matching)) return false;
  recordUse(db, client.clientId, matching, digests[0]!);
  return true;
}

interface KeyStore {
  refresh(): Promise<void>;
}

/** Makes requests give up their place in the queue while they wait for the keys of a client, whose server may be slow. */
function giveUpPlaceForKeys(client: Client): void {
  const store = client['asymmetricKeyStore'] as KeyStore;
  const refresh = store.refresh.bind(store);
  store.refresh = () => givingUpPlace(refresh);
}

/** The library reads clients with the adapter of the class that it is called on. */
type FindClient = (this: { adapter: Pick<Adapter, 'find'> }, id: string) => Promise<Client | undefined>;

/**
 * Caches the library's Client by the row that it was made from. The library itself would compute a hash of the metadata
 * each time, and make a new Client when it differs.
 */
function cacheClients(provider: Provider, db: Database): void {
  const cache = new WeakMap<StoredClient, Client>();
  const changed = new WeakSet<Client>();
  const { find } = provider.Client as unknown as { find: FindClient };
  provider.Client.find = async (id) => {
    const stored = typeof id === 'string' ? await findCachedClient(db, id) : undefined;
    if (!stored) return undefined;
    const cached = cache.get(stored);
    if (cached) return cached;
    const client = (await find.call({ adapter: { find: async () => toClientPayload(stored) } }, id))!;
    if (client.jwksUri !== undefined && !changed.has(client)) giveUpPlaceForKeys(client);
    changed.add(client);
    cache.set(stored, client);
    return client;
  };
}

export function replaceClientMethods(provider: Provider, stores: Stores): void {
  cacheClients(provider, stores.db);
  const { prototype } = provider.Client as unknown as { prototype: ClientModel };
  prototype.compareClientSecret = function compare(presented) {
    return isSecretOf(this, stores, presented);
  };

  // Every client gets `sid` in its ID tokens, since logout tokens name the session by it.
  prototype.includeSid = () => true;

  // The end of a session queues notices for all its apps (sessions/end-session.ts). A notice is queued here only when
  // the person signs out of this one app.
  prototype.backchannelLogout = async function queue(accountId, sid) {
    const { params, session } = protocolContext()?.oidc ?? {};
    if (params?.['logout'] || !session) return;
    const { clientId } = this;
    const notice = { accountId, clientId, sessionUid: session.uid, sid, reason: 'signed_out_of_app' } as const;
    await queueLogoutNotice(stores.db, notice);
  };

  // The library calls this after it has read the parameters, also from a request object, and before it checks scopes.
  const { responseTypeAllowed } = prototype;
  prototype.responseTypeAllowed = function allowed(type) {
    const ctx = protocolContext();
    const params = ctx?.oidc.params;
    if (params) {
      params['prompt'] = supportedPrompts(params['prompt']);
      requireNavigation(ctx, params['prompt']);
      restrictToRegistration(params, this);
    }
    return responseTypeAllowed.call(this, type);
  };

  prototype.redirectUriAllowed = function allowed(uri) {
    return isRegisteredUri(uri, this.redirectUris ?? [], this.applicationType === 'native');
  };
  prototype.postLogoutRedirectUriAllowed = function allowed(uri) {
    return isRegisteredUri(uri, this.postLogoutRedirectUris ?? [], this.applicationType === 'native');
  };
}
