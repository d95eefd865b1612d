/** A client: a program that trusts this provider. People know it as an app. */

export const clientKinds = ['web', 'single-page', 'native', 'machine'] as const;
export type ClientKind = (typeof clientKinds)[number];

/** Metadata in the names of OpenID Connect Dynamic Client Registration 1.0 §2. */
export interface ClientMetadata {
  client_name?: string | undefined;
  redirect_uris?: readonly string[] | undefined;
  scope?: string | undefined;
  post_logout_redirect_uris?: readonly string[] | undefined;
  [name: string]: unknown;
}

/** An API that a client may ask tokens for. */
export interface ClientApi {
  audience: string;
  scopes: string[];
}

export interface Client {
  /** `client_id` of the protocol. */
  id: string;
  kind: ClientKind;
  /** Ours: people are not asked what it may see. */
  isFirstParty: boolean;
  /** Registered itself (RFC 7591): people are asked in every session. */
  isSelfRegistered: boolean;
  metadata: ClientMetadata;
  /** Whether its last authorization request had a PKCE challenge; undefined before the first. */
  sendsPkce?: boolean | undefined;
  apis: ClientApi[];
  createdAt: Date;
}

/** The scopes of OpenID Connect (Core 1.0 §5.4 and §11). */
export const openIdScopes = ['openid', 'profile', 'email', 'address', 'phone', 'offline_access'];

/** Ids that a person may choose. Names that every object has would be found where no client is. */
export const isClientId = (id: string): boolean => /^[A-Za-z0-9._~-]{3,64}$/.test(id) && !(id in {});

/** What the kind of a client settles, so that nobody has to know it. */
export function metadataForKind(kind: ClientKind): ClientMetadata {
  const signsPeopleIn = { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] };
  switch (kind) {
    case 'web':
      return { ...signsPeopleIn, application_type: 'web', token_endpoint_auth_method: 'client_secret_basic' };
    case 'single-page':
      return { ...signsPeopleIn, application_type: 'web', token_endpoint_auth_method: 'none' };
    case 'native':
      return { ...signsPeopleIn, application_type: 'native', token_endpoint_auth_method: 'none' };
    case 'machine':
      return {
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
        token_endpoint_auth_method: 'client_secret_basic',
      };
  }
}

/** Whether the client proves itself with a secret that we make. */
export const needsSecret = (metadata: ClientMetadata): boolean =>
  String(metadata['token_endpoint_auth_method']).startsWith('client_secret_');

/** Origins of a client's pages, for CORS: those it is sent back to. Only for clients that run in a browser. */
export function originsOf(metadata: ClientMetadata): string[] {
  if (metadata['token_endpoint_auth_method'] !== 'none' || metadata['application_type'] === 'native') return [];
  const origins = (metadata.redirect_uris ?? []).map((uri) => URL.parse(uri)?.origin);
  return [...new Set(origins.filter((origin) => origin !== undefined && origin !== 'null'))] as string[];
}

/** Where the app can be found, for the way back to it: its own page, or the origin people are sent back to. */
export function homeOf({ client_uri: uri, redirect_uris: redirectUris = [] }: ClientMetadata): string | undefined {
  if (typeof uri === 'string') return uri;
  const origin = URL.parse(redirectUris[0] ?? '')?.origin;
  return origin?.startsWith('http') ? origin : undefined;
}

/** Control characters and those that reverse or hide text: a name with them could pass for another. */
const deceiving = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;
export const maxClientName = 100;

export const isClientName = (name: string): boolean =>
  name.trim() !== '' && [...name].length <= maxClientName && !deceiving.test(name);
