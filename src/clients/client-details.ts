/** The details of a client that an operator sets at its registration or by an update, and the checks of both. */
import { findApi } from '../apis/api-repository.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../platform/database.ts';
import { requireDuration, type DurationName } from '../policy/policy.ts';
import type { Reason } from '../reasons.ts';
import { requireBackChannelLogoutUri, requireFrontChannelLogoutUri, requireRedirectUris } from './client-uri.ts';
import {
  defaultMetadata,
  isClientName,
  maxClientName,
  type Client,
  type ClientApi,
  type ClientKind,
  type ClientMetadata,
} from './client.ts';

/** A member that is left out stays unchanged, or has its default in a new client. Null removes the member. */
export interface ClientDetails {
  kind?: ClientKind | undefined;
  name?: string | undefined;
  isFirstParty?: boolean | undefined;
  redirectUris?: string[] | undefined;
  postLogoutRedirectUris?: string[] | null | undefined;
  /** URI that logout tokens are sent to (OpenID Connect Back-Channel Logout 1.0). */
  backChannelLogoutUri?: string | null | undefined;
  /** URI that the browser loads after a sign-out (OpenID Connect Front-Channel Logout 1.0). */
  frontChannelLogoutUri?: string | null | undefined;
  /** Lifetime of a refresh token that is not used; `refresh_idle` of the policy by default. */
  refreshIdleSeconds?: number | null | undefined;
  /** Lifetime of refresh tokens after signing in; `refresh_absolute` of the policy by default. */
  refreshAbsoluteSeconds?: number | null | undefined;
  /** OpenID Connect scopes that the client may request, separated by spaces. */
  scope?: string | null | undefined;
  /** `client_uri` */
  homePage?: string | null | undefined;
  /** Whether the client is one of the conformance suite's. */
  isConformanceClient?: boolean | undefined;
  /** Whether a phone or desktop app of a site uses the same client: its loopback and private-use URIs are allowed. */
  hasAppScheme?: boolean | undefined;
  /** Whether a confidential client must use PKCE; by default the policy decides. */
  requiresPkce?: boolean | null | undefined;
  /** Whether ID tokens carry the claims of the granted scopes; they do by default. */
  hasIdTokenClaims?: boolean | null | undefined;
  /** APIs that the client may get access tokens for; an API without `scopes` stands for all of its scopes. */
  apis?: { audience: string; scopes?: string[] }[] | undefined;
  /** Further metadata, by the names of OpenID Connect Registration 1.0. A member that is null is removed. */
  metadata?: Record<string, unknown> | undefined;
}

/** The members of a client that the details determine. */
export type ClientState = Pick<Client, 'kind' | 'isFirstParty' | 'metadata' | 'apis'>;

const defaultScope = 'openid profile email offline_access';

/**
 * Members that `oidc/adapter/client-adapter.ts` adds to the metadata for oidc-provider: an operator cannot set them.
 */
const reservedNames = ['client_id', 'client_secret', 'secrets', 'origins', 'apis', 'first_party', 'self_registered'];
const booleanNames = ['require_pkce', 'id_token_claims', 'conformance_client'];
/** Metadata → the item of the policy that has the same bounds. */
const durations = { refresh_idle_seconds: 'refresh_idle', refresh_absolute_seconds: 'refresh_absolute' } as const;

const invalid = (field: string, reason: Reason) => new Refusal('client_invalid', { field, reason });

const withoutUndefined = (values: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

/**
 * The details that are metadata; null for a member that is to be removed. `details.metadata` may override all but the
 * name and the redirect URIs.
 */
function toMetadata(details: ClientDetails): Record<string, unknown> {
  const { backChannelLogoutUri: back, frontChannelLogoutUri: front, hasAppScheme } = details;
  const overridable = {
    scope: details.scope,
    client_uri: details.homePage,
    conformance_client: details.isConformanceClient === false ? null : details.isConformanceClient,
    refresh_idle_seconds: details.refreshIdleSeconds,
    refresh_absolute_seconds: details.refreshAbsoluteSeconds,
    require_pkce: details.requiresPkce,
    id_token_claims: details.hasIdTokenClaims,
    backchannel_logout_uri: back,
    // `null && true` is null, which removes the member; `undefined && true` leaves it unchanged.
    backchannel_logout_session_required: back && true,
    frontchannel_logout_uri: front,
    frontchannel_logout_session_required: front && true,
    application_type: hasAppScheme === undefined ? undefined : hasAppScheme ? 'native' : 'web',
  };
  const fixed = {
    client_name: details.name,
    redirect_uris: details.redirectUris,
    post_logout_redirect_uris: details.postLogoutRedirectUris?.length === 0 ? null : details.postLogoutRedirectUris,
  };
  return { ...withoutUndefined(overridable), ...details.metadata, ...withoutUndefined(fixed) };
}

/** The metadata of a client after its kind has changed to `kind`. */
const metadataOfKind = (kind: ClientKind, previous: ClientMetadata): ClientMetadata => ({
  ...previous,
  application_type: undefined,
  ...defaultMetadata(kind),
  scope: kind === 'machine' ? undefined : previous.scope,
});

/** @returns the metadata with the changes; members that are null or undefined are left out (RFC 7592 §2.2) */
function mergeMetadata(previous: ClientMetadata, changes: Record<string, unknown>): ClientMetadata {
  const all = Object.entries({ ...previous, ...changes });
  return Object.fromEntries(all.filter(([, value]) => value !== undefined && value !== null));
}

/** @throws Refusal `api_unknown`, `scope_unknown` */
async function resolveApis(db: Database, requested: NonNullable<ClientDetails['apis']>): Promise<ClientApi[]> {
  const apis: ClientApi[] = [];
  for (const { audience, scopes } of requested) {
    const api = await findApi(db, audience);
    if (!api) throw new Refusal('api_unknown', { audience });
    const unknown = scopes?.find((scope) => !Object.hasOwn(api.scopes, scope));
    if (unknown !== undefined) throw new Refusal('scope_unknown', { scope: unknown, audience });
    apis.push({ audience, scopes: scopes ?? Object.keys(api.scopes) });
  }
  return apis;
}

/** @throws Refusal `client_invalid` for a value that is not a string */
function textOf(metadata: ClientMetadata, field: string): string | undefined {
  const value = metadata[field];
  if (value === undefined || typeof value === 'string') return value;
  throw invalid(field, 'must_be_text');
}

/** @throws Refusal `client_invalid` for a value that is not a list of strings */
function textsOf(metadata: ClientMetadata, field: string): string[] {
  const value = metadata[field] ?? [];
  if (!Array.isArray(value)) throw invalid(field, 'must_be_list');
  if (value.some((each) => typeof each !== 'string')) throw invalid(field, 'must_be_text_list');
  return value as string[];
}

/** @throws Refusal `client_invalid`, `redirect_uri_required`, `redirect_uri_invalid`, `too_many_redirect_uris` */
function requireUris({ kind, metadata }: ClientState, issuer: string): void {
  const redirectUris = textsOf(metadata, 'redirect_uris');
  if (kind !== 'machine' && redirectUris.length === 0) throw new Refusal('redirect_uri_required');
  const rules = { issuer, isByOperator: true };
  const isNative = metadata['application_type'] === 'native';
  requireRedirectUris(redirectUris, { ...rules, isNative });
  const postLogoutUris = textsOf(metadata, 'post_logout_redirect_uris');
  requireRedirectUris(postLogoutUris, { ...rules, isNative }, 'post_logout_redirect_uris');
  const [back, front] = [textOf(metadata, 'backchannel_logout_uri'), textOf(metadata, 'frontchannel_logout_uri')];
  const mayBeHttp = metadata['token_endpoint_auth_method'] !== 'none';
  if (back !== undefined) requireBackChannelLogoutUri(back, { ...rules, mayBeHttp });
  if (front !== undefined) requireFrontChannelLogoutUri(front, redirectUris, rules);
}

/** @throws Refusal as `requireUris` does, and `argument_invalid`, `policy_out_of_bounds` */
function requireValid(state: ClientState, issuer: string): void {
  const { metadata } = state;
  const reserved = reservedNames.find((name) => metadata[name] !== undefined);
  if (reserved !== undefined) throw invalid(reserved, 'is_set_elsewhere');
  if (!isClientName(textOf(metadata, 'client_name') ?? '')) {
    throw new Refusal('argument_invalid', { field: 'name', reason: 'must_be_client_name', max: maxClientName });
  }
  requireUris(state, issuer);
  for (const name of booleanNames) {
    if (!['undefined', 'boolean'].includes(typeof metadata[name])) throw invalid(name, 'must_be_boolean');
  }
  for (const [name, item] of Object.entries(durations) as [string, DurationName][]) {
    if (metadata[name] !== undefined) requireDuration(item, Number(metadata[name]));
  }
}

/**
 * Applies details to a client and checks the result by Frontdesk's rules. A ClientValidator checks the rules of the
 * protocol.
 *
 * @param before the stored client, or the kind of a new one
 * @throws Refusal `argument_invalid`, `redirect_uri_invalid`, `redirect_uri_required`, `too_many_redirect_uris`,
 *   `api_unknown`, `scope_unknown`, `client_invalid`, `policy_out_of_bounds`
 */
export async function applyDetails(
  db: Database,
  issuer: string,
  before: ClientState | { kind: ClientKind },
  details: ClientDetails,
): Promise<ClientState> {
  const stored = 'metadata' in before ? before : undefined;
  const kind = details.kind ?? before.kind;
  const isSite = kind === 'web' || kind === 'single-page';
  if (details.hasAppScheme !== undefined && !isSite) {
    throw new Refusal('argument_invalid', { field: 'app-scheme', reason: 'is_for_sites' });
  }
  const base = stored && stored.kind === kind ? stored.metadata : metadataOfKind(kind, stored?.metadata ?? {});
  const metadata = mergeMetadata(base, toMetadata(details));
  const after: ClientState = {
    kind,
    isFirstParty: details.isFirstParty ?? stored?.isFirstParty ?? false,
    metadata: kind === 'machine' ? metadata : { scope: defaultScope, ...metadata },
    apis: details.apis ? await resolveApis(db, details.apis) : (stored?.apis ?? []),
  };
  requireValid(after, issuer);
  return after;
}
