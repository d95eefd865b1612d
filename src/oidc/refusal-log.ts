/** One log line for each request that oidc-provider refuses, so that an operator finds out why. */
import { errors, type Client, type KoaContextWithOIDC, type Provider } from 'oidc-provider';
import { differenceFrom } from '../clients/match-redirect-uri.ts';
import type { Log } from '../platform/log.ts';
import type { ProtocolState } from './protocol-context.ts';

const events = [
  'authorization.error',
  'end_session.error',
  'end_session_confirm.error',
  'grant.error',
  'introspection.error',
  'revocation.error',
  'userinfo.error',
] as const;

/**
 * Errors that need no fix: responses to `prompt=none`, and a person who cancels. They are logged as info, not as
 * warnings.
 */
const expectedErrors = new Set(['login_required', 'consent_required', 'interaction_required', 'access_denied']);

const maxCharacters = 500;
const shortened = (value: unknown): string | undefined =>
  typeof value === 'string' ? value.slice(0, maxCharacters) : undefined;

const quoted = (character: string): string => (character === '' ? 'the end' : `"${character}"`);

/** A URI that was refused, and the first character at which it differs from the closest registered one. */
export function describeUri(
  sent: string,
  registered: readonly string[],
): { sent: string; registered?: string; difference: string } {
  const difference = differenceFrom(sent, registered);
  if (!difference) return { sent: sent.slice(0, maxCharacters), difference: 'none is registered' };
  const { character, sent: actual, expected } = difference;
  return {
    sent: sent.slice(0, maxCharacters),
    registered: difference.registered,
    difference: `character ${character}: ${quoted(actual)} instead of ${quoted(expected)}`,
  };
}

/**
 * The refused redirect or post-logout redirect URI, for the log; empty when the request was refused for another reason.
 */
function refusedUri(error: Error, client: Client | undefined, params: Record<string, unknown>): object {
  if (!client) return {};
  const { redirect_uri: redirectUri, post_logout_redirect_uri: postLogoutRedirectUri } = params;
  if (error instanceof errors.InvalidRedirectUri && typeof redirectUri === 'string') {
    return { redirectUri: describeUri(redirectUri, client.redirectUris ?? []) };
  }
  if (typeof postLogoutRedirectUri !== 'string') return {};
  if (client.postLogoutRedirectUriAllowed(postLogoutRedirectUri)) return {};
  return { postLogoutRedirectUri: describeUri(postLogoutRedirectUri, client.postLogoutRedirectUris ?? []) };
}

/** Logs `error`, `error_description` and the library's `error_detail`; never parameters that could be secrets. */
export function logRefusals(provider: Provider, log: Log): void {
  const onError = ({ oidc, state }: KoaContextWithOIDC, error: errors.OIDCProviderError) => {
    const { client, params = {}, route } = oidc;
    const line = {
      requestId: (state as ProtocolState).requestId,
      endpoint: route,
      clientId: client?.clientId ?? shortened(params['client_id']),
      error: error.error,
      description: error.error_description,
      detail: error.error_detail,
      ...refusedUri(error, client, params),
    };
    if (expectedErrors.has(error.error)) log.info(line, 'request refused');
    else log.warn(line, 'request refused');
  };
  for (const event of events) provider.on(event as 'authorization.error', onError as never);
}
