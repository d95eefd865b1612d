/** A client: a program that relies on this provider. Pages call it an app. */

export const clientKinds = ['web', 'single-page', 'native', 'machine'] as const;
export type ClientKind = (typeof clientKinds)[number];

/** Metadata by the names of OpenID Connect Registration 1.0 §2. */
export interface ClientMetadata {
  client_name?: string | undefined;
  redirect_uris?: readonly string[] | undefined;
  scope?: string | undefined;
  post_logout_redirect_uris?: readonly string[] | undefined;
  [name: string]: unknown;
}

/** An API that a client may get access tokens for, and the scopes of these tokens. */
export interface ClientApi {
  audience: string;
  scopes: string[];
}

/** A secret that a client authenticates with. The secret itself is not stored. */
export interface ClientSecret {
  /** Unique among the secrets of its client. */
  id: string;
  /** Keyed digest, hex. */
  hash: string;
  createdAt: Date;
  expiresAt?: Date | undefined;
  /** Precise to the hour. */
  lastUsedAt?: Date | undefined;
}

export interface Client {
  /** `client_id` */
  id: string;
  kind: ClientKind;
  /** Whether the client is the operator's own: people are not asked for consent. */
  isFirstParty: boolean;
  /** Whether the client registered itself (RFC 7591): people are asked for consent in every session. */
  isSelfRegistered: boolean;
  metadata: ClientMetadata;
  /** Whether its last successful authorization request had a PKCE challenge; undefined before the first one. */
  sendsPkce?: boolean | undefined;
  apis: ClientApi[];
  createdAt: Date;
}

/** The scopes of OpenID Connect (Core 1.0 §5.4 and §11). */
export const openIdScopes = ['openid', 'profile', 'email', 'address', 'phone', 'offline_access'];

/** Whether an operator may choose this `client_id`. Names like `constructor` would be found in any object. */
export const isClientId = (id: string): boolean => /^[A-Za-z0-9._~-]{3,64}$/.test(id) && !(id in {});

/** The metadata that follows from the kind of a client. */
export function defaultMetadata(kind: ClientKind): ClientMetadata {
  const codeFlow = { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] };
  switch (kind) {
    case 'web':
      return { ...codeFlow, application_type: 'web', token_endpoint_auth_method: 'client_secret_basic' };
    case 'single-page':
      return { ...codeFlow, application_type: 'web', token_endpoint_auth_method: 'none' };
    case 'native':
      return { ...codeFlow, application_type: 'native', token_endpoint_auth_method: 'none' };
    case 'machine':
      return {
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
        token_endpoint_auth_method: 'client_secret_basic',
      };
  }
}

/** Whether the client authenticates with a client secret. */
export const needsSecret = (metadata: ClientMetadata): boolean =>
  String(metadata['token_endpoint_auth_method']).startsWith('client_secret_');

/** Origins whose pages may call the token and userinfo endpoints (CORS): those of a public web app's redirect URIs. */
export function originsOf(kind: ClientKind, metadata: ClientMetadata): string[] {
  if (metadata['token_endpoint_auth_method'] !== 'none' || kind === 'native') return [];
  const origins = (metadata.redirect_uris ?? []).map((uri) => URL.parse(uri)?.origin);
  return [...new Set(origins.filter((origin) => origin !== undefined && origin !== 'null'))] as string[];
}

/** The address of an app for links: its home page, else the origin of its first redirect URI if that is on the web. */
export function homePageOf({ client_uri: uri, redirect_uris: redirectUris = [] }: ClientMetadata): string | undefined {
  if (typeof uri === 'string') return uri;
  const origin = URL.parse(redirectUris[0] ?? '')?.origin;
  return origin?.startsWith('http') ? origin : undefined;
}

/** Control characters, and characters that hide or reorder text: a name with them could look like another. */
const deceptiveCharacters = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;

/** Maximum length of a client's name, in characters. */
export const maxClientName = 100;

export const isClientName = (name: string): boolean =>
  name.trim() !== '' && [...name].length <= maxClientName && !deceptiveCharacters.test(name);
