/** Fetches documents that clients name in their metadata: `jwks_uri`, `sector_identifier_uri`, `request_uris`. */
import type { Configuration } from 'oidc-provider';
import type { OutgoingResponse } from '../../platform/outgoing.ts';
import type { CallsFor } from '../calls-for.ts';
import { protocolContext } from '../protocol-context.ts';

const cacheSeconds = 60;
const maxCached = 500;

/** A response, or the error of a failed request. */
type Outcome = { answer: OutgoingResponse } | { error: unknown };

type LibraryFetch = NonNullable<Configuration['fetch']>;

/** A `fetch` for the documents of one client. */
export type ClientFetch = (
  client: Parameters<CallsFor>[0],
  ...[url, options]: Parameters<LibraryFetch>
) => Promise<Response>;

/**
 * Fetches a URL at most once a minute, also after a failure: tokens with unknown keys must not make us flood a client's
 * server or wait for it each time.
 */
export function createClientFetch(callsFor: CallsFor): ClientFetch {
  const cache = new Map<string, { at: number; outcome: Promise<Outcome> }>();

  function fetchOnce(
    { isSelfRegistered }: Parameters<CallsFor>[0],
    url: string,
    headers: Record<string, string>,
  ): Promise<Outcome> {
    // What was fetched for an operator's client is not given to others.
    const key = `${isSelfRegistered} ${url}`;
    const known = cache.get(key);
    if (known && known.at > Date.now() - cacheSeconds * 1000) return known.outcome;
    const outcome: Promise<Outcome> = callsFor({ isSelfRegistered })
      .get(url, headers)
      .then(
        (answer) => ({ answer }),
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
    const outcome = await fetchOnce(client, new URL(url).href, headers);
    if ('error' in outcome) throw outcome.error;
    const { status, headers: answered, body } = outcome.answer;
    return new Response(status === 204 ? null : body, { status, headers: answered });
  };
}

/** Whether the client of the current request was registered by an operator, with these keys. */
function isKeysOfOperatorsClient(url: string): boolean {
  const client = protocolContext()?.oidc.client;
  if (!client || client['self_registered'] === true) return false;
  return client.jwksUri !== undefined && new URL(client.jwksUri).href === url;
}

/**
 * The `fetch` of oidc-provider, which does not say what client it is for. Apart from the keys of the current client it
 * fetches only what clients name that register themselves.
 */
export function createLibraryFetch(callsFor: CallsFor): LibraryFetch {
  const fetch = createClientFetch(callsFor);
  return (url, options) => fetch({ isSelfRegistered: !isKeysOfOperatorsClient(new URL(url).href) }, url, options);
}
