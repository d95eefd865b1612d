/** Fetches documents that clients name in their metadata: `jwks_uri`, `sector_identifier_uri`, `request_uris`. */
import type { Configuration } from 'oidc-provider';
import type { Outgoing, OutgoingResponse } from '../../platform/outgoing.ts';

const cacheSeconds = 60;
const maxCached = 500;

/** A response, or the error of a failed request. */
type Outcome = { answer: OutgoingResponse } | { error: unknown };

/**
 * Fetches a URL at most once a minute, also after a failure: tokens with unknown keys must not make us flood a client's
 * server or wait for it each time.
 */
export function createClientFetch(outgoing: Outgoing): NonNullable<Configuration['fetch']> {
  const cache = new Map<string, { at: number; outcome: Promise<Outcome> }>();

  function fetchOnce(url: string, headers: Record<string, string>): Promise<Outcome> {
    const known = cache.get(url);
    if (known && known.at > Date.now() - cacheSeconds * 1000) return known.outcome;
    const outcome: Promise<Outcome> = outgoing.get(url, headers).then(
      (answer) => ({ answer }),
      (error: unknown) => ({ error }),
    );
    cache.delete(url);
    cache.set(url, { at: Date.now(), outcome });
    const [oldest] = cache.keys();
    if (cache.size > maxCached) cache.delete(oldest!);
    return outcome;
  }

  return async (url, options) => {
    const headers = Object.fromEntries(new Headers(options?.headers));
    const outcome = await fetchOnce(new URL(url).href, headers);
    if ('error' in outcome) throw outcome.error;
    const { status, headers: answered, body } = outcome.answer;
    return new Response(status === 204 ? null : body, { status, headers: answered });
  };
}
