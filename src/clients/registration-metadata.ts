/** What an app may say of itself when it registers (RFC 7591 §2, OpenID Connect Dynamic Client Registration 1.0 §2). */
import { z } from 'zod';
import { Refusal } from '../errors.ts';
import { isClientName, maxClientName, openIdScopes, type ClientKind, type ClientMetadata } from './client.ts';
import {
  requireBackChannelUri,
  requireFrontChannelUri,
  isLoopbackAddress,
  maxRedirectUris,
  requireRedirectUris,
  requireWebUri,
  webHostsOf,
  sectorOf,
} from './client-uri.ts';

const maxKeys = 20;
const text = z.string().min(1).max(2000);
const uris = z.array(text);
const algorithm = z.string().max(20);
/** RFC 7517 §4: members are texts and lists of texts. Whether it is a key at all the protocol says. */
const key = z.record(z.string(), z.union([z.string(), z.boolean(), z.number(), z.array(z.string())]));

/**
 * All that is understood; the rest is left out, as RFC 7591 §2 wants, and with it everything that only an operator may
 * decide: first-party, APIs, exceptions. Client credentials are for programs that somebody vouches for.
 */
const schema = z.object({
  application_type: z.enum(['web', 'native']).default('web'),
  client_name: z.string().refine(isClientName, `must be 1 to ${maxClientName} characters that can be seen`),
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

const invalid = (reason: string) => new Refusal('client_invalid', { reason });

/** An address that we call or a page of ours links to; what is wrong with it is said of the metadata by its name. */
function requireUri(name: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw invalid(`${name}: ${error.values['reason']}`);
  }
}

/** People see these beside the name of the app, which nobody checked (OpenID Connect Registration §9.1). */
const shownByUs = ['client_uri', 'logo_uri'] as const;
const shownToPeople = [...shownByUs, 'policy_uri', 'tos_uri'] as const;
const called = ['jwks_uri', 'sector_identifier_uri', 'initiate_login_uri'] as const;

/** What registrations are held to. */
export interface RegistrationRules {
  issuer: string;
  /** Policy and terms of an app may be on another host than the app. */
  mayLinkElsewhere: boolean;
}

function requireUris(metadata: z.output<typeof schema>, { issuer, mayLinkElsewhere }: RegistrationRules): void {
  const { redirect_uris: redirectUris, application_type: type } = metadata;
  if (redirectUris.length === 0) throw new Refusal('redirect_uri_required');
  requireRedirectUris(redirectUris, type === 'native', issuer);
  requireRedirectUris(metadata.post_logout_redirect_uris ?? [], type === 'native', issuer);
  const hosts = new Set(webHostsOf(redirectUris));
  for (const name of [...called, ...shownToPeople]) {
    const uri = metadata[name];
    if (uri !== undefined) requireUri(name, () => requireWebUri(uri, issuer));
  }
  for (const name of mayLinkElsewhere ? shownByUs : shownToPeople) {
    const uri = metadata[name];
    if (uri !== undefined && !hosts.has(new URL(uri).hostname)) {
      throw invalid(`${name}: it must be on the host of a redirect URI`);
    }
  }
  // A fragment may name the content (OpenID Connect Core §6.2).
  for (const uri of metadata.request_uris ?? []) {
    requireUri('request_uris', () => requireWebUri(uri.replace(/#[\w.~-]*$/, ''), issuer));
  }
  const { backchannel_logout_uri: back, frontchannel_logout_uri: front } = metadata;
  if (back !== undefined) {
    requireUri('backchannel_logout_uri', () => requireBackChannelUri(back, issuer));
    // Else an app that sends people to somebody else's address would still hear how they are known there.
    if (!hosts.has(new URL(back).hostname))
      throw invalid('backchannel_logout_uri: it must be on the host of a redirect URI');
  }
  const isPairwise = metadata.subject_type === 'pairwise';
  if (isPairwise && isLoopbackAddress(sectorOf(metadata)))
    throw invalid('subject_type: what is on the person’s own machine is no sector; pairwise needs https');
  if (front !== undefined)
    requireUri('frontchannel_logout_uri', () => requireFrontChannelUri(front, redirectUris, issuer));
}

/** What the app is, as far as its metadata tells. */
function kindOf({ application_type: type, token_endpoint_auth_method: method }: z.output<typeof schema>): ClientKind {
  if (type === 'native') return 'native';
  return method === 'none' ? 'single-page' : 'web';
}

/**
 * Metadata of an app that registers or changes itself; null counts as left out (RFC 7592 §2.2).
 *
 * @throws Refusal `client_invalid`, `redirect_uri_invalid`, `redirect_uri_required`, `redirect_uris_many`
 */
export function readRegistration(
  body: unknown,
  rules: RegistrationRules,
): { kind: ClientKind; metadata: ClientMetadata } {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw invalid('it must be a JSON object');
  const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues as [z.core.$ZodIssue];
    throw invalid(`${path.join('.')}: ${message}`);
  }
  requireUris(parsed.data, rules);
  return { kind: kindOf(parsed.data), metadata: parsed.data };
}
