/** Fetches documents that clients name in their metadata: `jwks_uri`, `sector_identifier_uri`, `request_uris`. */
import type { Configuration } from 'oidc-provider';
import { givingUpPlace } from '../../platform/current-request.ts';
import type { OutgoingResponse } from '../../platform/outgoing.ts';
import type { CallsFor } from '../calls-for.ts';
import { protocolContext } from '../protocol-context.ts';

const cacheSeconds = 60;
const maxCached = 500;

/** A response, or the error of a failed request. */
type Outcome = { response: OutgoingResponse } | { error: unknown };

type LibraryFetch = NonNullable<Configuration['fetch']>;

/** A `fetch` for the documents of one client. */
export type ClientFetch = (
  client: Parameters<CallsFor>[0],
  ...[url, options]: Parameters<LibraryFetch>
) => Promise<Response>;

/**
 * A `fetch` that requests a URL at most once a minute, also after a failure: many JWTs with unknown keys must neither
 * flood a client's server nor wait for it each time.
 */
export function createClientFetch(callsFor: CallsFor): ClientFetch {
  const cache = new Map<string, { at: number; outcome: Promise<Outcome> }>();

  function fetchOnce(
    { isSelfRegistered }: Parameters<CallsFor>[0],
    url: string,
    headers: Record<string, string>,
  ): Promise<Outcome> {
    // A document that was fetched for an operator's client is not given to a self-registered one.
    const key = `${isSelfRegistered} ${url}`;
    const cached = cache.get(key);
    if (cached && cached.at > Date.now() - cacheSeconds * 1000) return cached.outcome;
    const outcome: Promise<Outcome> = callsFor({ isSelfRegistered })
      .get(url, headers)
      .then(
        (response) => ({ response }),
        (error: unknown) => ({ error }),
      );
    cache.delete(key);
    cache.set(key, { at: Date.now(), outcome });
    const [oldest] = cache.keys();
    if (cache.size > maxCached) cache.delete(oldest!);
    return outcome;
  }

  return async (client, url, options) => {
    const headers = Object.fromEntries(new Headers(options?.headers));
    const outcome = await givingUpPlace(() => fetchOnce(client, new URL(url).href, headers));
    if ('error' in outcome) throw outcome.error;
    const { status, headers: responseHeaders, body } = outcome.response;
    return new Response(status === 204 ? null : body, { status, headers: responseHeaders });
  };
}

/** Whether a URL is the `jwks_uri` of the current request's client, and an operator registered that client. */
function isJwksUriOfOperatorsClient(url: string): boolean {
  const client = protocolContext()?.oidc.client;
  if (!client || client['self_registered'] === true) return false;
  return client.jwksUri !== undefined && new URL(client.jwksUri).href === url;
}

/**
 * The `fetch` for oidc-provider, which does not pass the client. For the `jwks_uri` of an operator's client it may call
 * the hosts that operators allow; any other URL is fetched by the rules for self-registered clients.
 */
export function createLibraryFetch(callsFor: CallsFor): LibraryFetch {
  const fetch = createClientFetch(callsFor);
  return (url, options) => fetch({ isSelfRegistered: !isJwksUriOfOperatorsClient(new URL(url).href) }, url, options);
}
