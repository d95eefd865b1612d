/** One log line for each request that the protocol refuses, for whoever has to find out why. */
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

/** Ordinary answers to `prompt=none`, and a person who cancels: nothing that anybody has to mend. */
const ordinary = new Set(['login_required', 'consent_required', 'interaction_required', 'access_denied']);

const maxSent = 500;
const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value.slice(0, maxSent) : undefined;

const quoted = (character: string): string => (character === '' ? 'the end' : `"${character}"`);

/** An address that was refused, and where it differs from the one registered. */
export function describeUri(
  sent: string,
  registered: readonly string[],
): { sent: string; registered?: string; difference: string } {
  const difference = differenceFrom(sent, registered);
  if (!difference) return { sent: sent.slice(0, maxSent), difference: 'none is registered' };
  const { character, sent: one, expected } = difference;
  return {
    sent: sent.slice(0, maxSent),
    registered: difference.registered,
    difference: `character ${character}: ${quoted(one)} instead of ${quoted(expected)}`,
  };
}

/** The address that the error is about, if it is about one. */
function refusedUri(error: Error, client: Client | undefined, params: Record<string, unknown>): object {
  if (!client) return {};
  const [sent, logout] = [params['redirect_uri'], params['post_logout_redirect_uri']];
  if (error instanceof errors.InvalidRedirectUri && typeof sent === 'string') {
    return { redirectUri: describeUri(sent, client.redirectUris ?? []) };
  }
  const isLogout = typeof logout === 'string' && !client.postLogoutRedirectUriAllowed(logout);
  return isLogout ? { postLogoutRedirectUri: describeUri(logout, client.postLogoutRedirectUris ?? []) } : {};
}

/** Logs `error`, `error_description` and what oidc-provider knows beyond them; never parameters that could be secrets. */
export function logRefusals(provider: Provider, log: Log): void {
  const onError = ({ oidc, state }: KoaContextWithOIDC, error: errors.OIDCProviderError) => {
    const { client, params = {}, route } = oidc;
    const line = {
      requestId: (state as ProtocolState).requestId,
      endpoint: route,
      clientId: client?.clientId ?? textOf(params['client_id']),
      error: error.error,
      description: error.error_description,
      detail: error.error_detail,
      ...refusedUri(error, client, params),
    };
    if (ordinary.has(error.error)) log.info(line, 'request refused');
    else log.warn(line, 'request refused');
  };
  for (const event of events) provider.on(event as 'authorization.error', onError as never);
}
