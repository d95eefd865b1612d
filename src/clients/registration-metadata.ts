/** The metadata that a client may send to register itself (RFC 7591 §2, OpenID Connect Registration 1.0 §2). */
import { z } from 'zod';
import { Refusal } from '../errors.ts';
import { checkValue, type Reason } from '../reasons.ts';
import {
  isLoopbackHost,
  maxRedirectUris,
  requireBackChannelLogoutUri,
  requireFrontChannelLogoutUri,
  requireRedirectUris,
  requireWebUri,
  sectorOf,
  webHostsOf,
} from './client-uri.ts';
import { isClientName, maxClientName, openIdScopes, type ClientKind, type ClientMetadata } from './client.ts';

const maxKeys = 20;
const text = z.string().min(1).max(2000);
const uris = z.array(text);
const algorithm = z.string().max(20);
/** A JWK (RFC 7517 §4). Only the types of its members are checked here; the client validator checks the key. */
const key = z.record(z.string(), z.union([z.string(), z.boolean(), z.number(), z.array(z.string())]));
const clientName = z.string().refine(isClientName, {
  error: 'must_be_client_name' satisfies Reason,
  params: { max: maxClientName },
});

/**
 * Other members are ignored (RFC 7591 §2), also members that only an operator may set: first-party, APIs,
 * exceptions for the conformance suite. `client_credentials` is only for clients that an operator registers.
 */
const schema = z.object({
  application_type: z.enum(['web', 'native']).default('web'),
  client_name: clientName,
  redirect_uris: uris,
  post_logout_redirect_uris: uris.optional(),
  response_types: z.array(z.string().max(30)).max(10).optional(),
  grant_types: z.array(z.enum(['authorization_code', 'refresh_token', 'implicit'])).optional(),
  token_endpoint_auth_method: text.optional(),
  token_endpoint_auth_signing_alg: algorithm.optional(),
  scope: text.default(openIdScopes.join(' ')),
  contacts: z.array(text).max(10).optional(),
  client_uri: text.optional(),
  logo_uri: text.optional(),
  policy_uri: text.optional(),
  tos_uri: text.optional(),
  jwks: z.object({ keys: z.array(key).min(1).max(maxKeys) }).optional(),
  jwks_uri: text.optional(),
  subject_type: z.enum(['public', 'pairwise']).optional(),
  sector_identifier_uri: text.optional(),
  id_token_signed_response_alg: algorithm.optional(),
  userinfo_signed_response_alg: algorithm.optional(),
  request_object_signing_alg: algorithm.optional(),
  require_signed_request_object: z.boolean().optional(),
  request_uris: z.array(text).max(maxRedirectUris).optional(),
  default_max_age: z.int().min(0).optional(),
  require_auth_time: z.boolean().optional(),
  default_acr_values: z.array(text).max(10).optional(),
  initiate_login_uri: text.optional(),
  backchannel_logout_uri: text.optional(),
  backchannel_logout_session_required: z.boolean().optional(),
  frontchannel_logout_uri: text.optional(),
  frontchannel_logout_session_required: z.boolean().optional(),
});

type Registration = z.output<typeof schema>;

/** Rules for self-registered clients that depend on the deployment. */
export interface RegistrationRules {
  issuer: string;
  /** Whether `policy_uri` and `tos_uri` may be on another host than the redirect URIs. */
  mayLinkToOtherHosts: boolean;
}

const invalid = (field: string, reason: Reason) => new Refusal('client_invalid', { field, reason });

/** Pages show these URIs beside the app's name, which nobody has checked (OpenID Connect Registration §9.1). */
const identityUris = ['client_uri', 'logo_uri'] as const;
const legalUris = ['policy_uri', 'tos_uri'] as const;
const otherUris = ['jwks_uri', 'sector_identifier_uri', 'initiate_login_uri'] as const;

function requireOtherUris(metadata: Registration, { issuer, mayLinkToOtherHosts }: RegistrationRules): void {
  const hosts = new Set(webHostsOf(metadata.redirect_uris));
  for (const name of [...otherUris, ...identityUris, ...legalUris]) {
    const uri = metadata[name];
    if (uri !== undefined) requireWebUri(name, uri, { issuer });
  }
  for (const name of mayLinkToOtherHosts ? identityUris : [...identityUris, ...legalUris]) {
    const uri = metadata[name];
    if (uri !== undefined && !hosts.has(new URL(uri).hostname)) throw invalid(name, 'must_be_on_redirect_host');
  }
  // A fragment may hold the digest of the request object (OpenID Connect Core §6.2).
  for (const uri of metadata.request_uris ?? [])
    requireWebUri('request_uris', uri.replace(/#[\w.~-]*$/, ''), { issuer });
}

function requireLogoutUris(metadata: Registration, issuer: string): void {
  const { redirect_uris: redirectUris, backchannel_logout_uri: back, frontchannel_logout_uri: front } = metadata;
  if (back !== undefined) {
    requireBackChannelLogoutUri(back, { issuer });
    // Logout tokens name people by their subject in the sector of the redirect URIs: no other host may learn it.
    if (!webHostsOf(redirectUris).includes(new URL(back).hostname)) {
      throw invalid('backchannel_logout_uri', 'must_be_on_redirect_host');
    }
  }
  if (front !== undefined) requireFrontChannelLogoutUri(front, redirectUris, { issuer });
}

function requireUris(metadata: Registration, rules: RegistrationRules): void {
  const {
    redirect_uris: redirectUris,
    application_type: type,
    post_logout_redirect_uris: postLogoutUris = [],
  } = metadata;
  if (redirectUris.length === 0) throw new Refusal('redirect_uri_required');
  const uriRules = { issuer: rules.issuer, isNative: type === 'native' };
  requireRedirectUris(redirectUris, uriRules);
  requireRedirectUris(postLogoutUris, uriRules, 'post_logout_redirect_uris');
  requireOtherUris(metadata, rules);
  requireLogoutUris(metadata, rules.issuer);
  const isPairwise = metadata.subject_type === 'pairwise';
  if (isPairwise && isLoopbackHost(sectorOf(metadata))) throw invalid('subject_type', 'sector_must_be_remote');
}

function kindOf({ application_type: type, token_endpoint_auth_method: method }: Registration): ClientKind {
  if (type === 'native') return 'native';
  return method === 'none' ? 'single-page' : 'web';
}

/**
 * Checks the body of a registration or of an update. A member that is null counts as left out (RFC 7592 §2.2).
 *
 * @returns the metadata without unknown members, and the kind of client that it describes
 * @throws Refusal `client_invalid`, `redirect_uri_invalid`, `redirect_uri_required`, `too_many_redirect_uris`
 */
export function readRegistration(
  body: unknown,
  rules: RegistrationRules,
): { kind: ClientKind; metadata: ClientMetadata } {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw invalid('metadata', 'must_be_object');
  const withoutNulls = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
  const checked = checkValue(schema, withoutNulls, 'metadata');
  if (checked.problems) throw new Refusal('client_invalid', checked.problems[0]);
  requireUris(checked.value, rules);
  return { kind: kindOf(checked.value), metadata: checked.value };
}
