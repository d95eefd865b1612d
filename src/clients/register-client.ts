/** Registers a client on behalf of an operator. */
import { randomBytes } from 'node:crypto';
import { findApi } from '../apis/api-repository.ts';
import type { Actor } from '../audit/audit-event.ts';
import { recordEvent } from '../audit/audit-repository.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../platform/database.ts';
import { randomToken, type Keyring } from '../platform/secrets.ts';
import { requireDuration } from '../policy/policy.ts';
import { insertClient } from './client-repository.ts';
import { requireBackChannelLogoutUri, requireFrontChannelLogoutUri, requireRedirectUris } from './client-uri.ts';
import {
  isClientId,
  isClientName,
  maxClientName,
  defaultMetadata,
  needsSecret,
  originsOf,
  type Client,
  type ClientApi,
  type ClientKind,
  type ClientMetadata,
} from './client.ts';
import { ownClientId } from './own-client.ts';

/** Checks metadata by the rules of the protocol, and adds its defaults. @throws Refusal `client_invalid` */
export type ClientValidator = (metadata: ClientMetadata) => Promise<ClientMetadata>;

export interface ClientRegistration {
  kind: ClientKind;
  name: string;
  /** `client_id`; a random one when left out. */
  id?: string | undefined;
  isFirstParty?: boolean;
  redirectUris?: string[];
  postLogoutRedirectUris?: string[];
  /** Where the app receives logout tokens (OpenID Connect Back-Channel Logout 1.0). */
  backChannelLogoutUri?: string | undefined;
  /** What the browser loads after signing out (OpenID Connect Front-Channel Logout 1.0). */
  frontChannelLogoutUri?: string | undefined;
  /** Lifetime of a refresh token that is not used; `refresh_idle` of the policy when left out. */
  refreshIdleSeconds?: number | undefined;
  /** Lifetime of refresh tokens after signing in; `refresh_absolute` of the policy when left out. */
  refreshAbsoluteSeconds?: number | undefined;
  /** APIs it may get access tokens for; without scopes, for all scopes of the API. */
  apis?: { audience: string; scopes?: string[] }[];
  /** Further metadata by the names of OpenID Connect Registration 1.0. */
  metadata?: ClientMetadata;
}

export interface RegistrationContext {
  db: Database;
  keyring: Keyring;
  validate: ClientValidator;
  issuer: string;
  by: Actor;
}

/** @returns 128 random bits, base64url: 22 characters */
export const randomClientId = (): string => randomBytes(16).toString('base64url');

/** Makes a client secret, and its keyed digest in hex, which is stored. */
export function makeClientSecret(keyring: Keyring): { secret: string; hash: string } {
  const secret = `fd_client_${randomToken()}`;
  return { secret, hash: keyring.digest('client-secret', secret).toString('hex') };
}

/** @throws Refusal `api_unknown`, `scope_unknown` */
async function resolveApis(db: Database, wanted: NonNullable<ClientRegistration['apis']>): Promise<ClientApi[]> {
  const apis: ClientApi[] = [];
  for (const { audience, scopes } of wanted) {
    const api = await findApi(db, audience);
    if (!api) throw new Refusal('api_unknown', { audience });
    const unknown = scopes?.find((scope) => !Object.hasOwn(api.scopes, scope));
    if (unknown !== undefined) throw new Refusal('scope_unknown', { scope: unknown, audience });
    apis.push({ audience, scopes: scopes ?? Object.keys(api.scopes) });
  }
  return apis;
}

/** @throws Refusal `client_invalid` */
function logoutMetadata(registration: ClientRegistration, issuer: string): ClientMetadata {
  const { backChannelLogoutUri: back, frontChannelLogoutUri: front, redirectUris = [] } = registration;
  if (back !== undefined) requireBackChannelLogoutUri(back, issuer);
  if (front !== undefined) requireFrontChannelLogoutUri(front, redirectUris, issuer);
  return {
    ...(back !== undefined && { backchannel_logout_uri: back, backchannel_logout_session_required: true }),
    ...(front !== undefined && { frontchannel_logout_uri: front, frontchannel_logout_session_required: true }),
  };
}

/** @throws Refusal `policy_out_of_bounds` */
function refreshMetadata({ refreshIdleSeconds, refreshAbsoluteSeconds }: ClientRegistration): ClientMetadata {
  if (refreshIdleSeconds !== undefined) requireDuration('refresh_idle', refreshIdleSeconds);
  if (refreshAbsoluteSeconds !== undefined) requireDuration('refresh_absolute', refreshAbsoluteSeconds);
  return {
    ...(refreshIdleSeconds !== undefined && { refresh_idle_seconds: refreshIdleSeconds }),
    ...(refreshAbsoluteSeconds !== undefined && { refresh_absolute_seconds: refreshAbsoluteSeconds }),
  };
}

/**
 * @returns the client, and its secret if it needs one; only the digest of the secret is stored
 * @throws Refusal `argument_invalid`, `redirect_uri_invalid`, `redirect_uri_required`, `redirect_uris_many`,
 *   `api_unknown`, `scope_unknown`, `client_invalid`, `client_exists`
 */
export async function registerClient(
  { db, keyring, validate, issuer, by }: RegistrationContext,
  registration: ClientRegistration,
): Promise<{ client: Omit<Client, 'createdAt'>; secret: string | undefined }> {
  const { kind, name, id = randomClientId(), isFirstParty = false } = registration;
  const { redirectUris = [], postLogoutRedirectUris = [] } = registration;
  if (!isClientId(id)) throw new Refusal('argument_invalid', { field: 'id', reason: 'must_be_client_id' });
  if (id === ownClientId) throw new Refusal('client_exists', { id });
  if (!isClientName(name)) {
    throw new Refusal('argument_invalid', { field: 'name', reason: 'must_be_client_name', max: maxClientName });
  }
  if (kind !== 'machine' && redirectUris.length === 0) throw new Refusal('redirect_uri_required');
  requireRedirectUris([...redirectUris], kind === 'native', issuer);
  requireRedirectUris([...postLogoutRedirectUris], kind === 'native', issuer);

  const metadata: ClientMetadata = {
    ...defaultMetadata(kind),
    scope: 'openid profile email offline_access',
    ...(kind === 'machine' && { scope: undefined }),
    ...logoutMetadata(registration, issuer),
    ...refreshMetadata(registration),
    ...registration.metadata,
    client_name: name,
    redirect_uris: redirectUris,
    ...(postLogoutRedirectUris.length > 0 && { post_logout_redirect_uris: postLogoutRedirectUris }),
  };
  const apis = await resolveApis(db, registration.apis ?? []);
  const made = needsSecret(metadata) ? makeClientSecret(keyring) : undefined;
  await validate({ ...metadata, client_id: id, ...(made && { client_secret: made.hash }) });

  const client = { id, kind, isFirstParty, isSelfRegistered: false, metadata, apis };
  await db.inUnitOfWork(async () => {
    const stored = { ...client, secretHashes: made ? [made.hash] : [] };
    if (!(await insertClient(db, stored, originsOf(metadata)))) throw new Refusal('client_exists', { id });
    recordEvent(db, { kind: 'client.registered', clientId: id, detail: { kind, by } });
  });
  return { client, secret: made?.secret };
}
