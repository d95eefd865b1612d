/** A client that fetches keys when its cache has expired, but not for an unknown key. */
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';

const userAgent = 'caching-client/1';

/** Resolves keys as `createRemoteJWKSet` of jose does, by RFC 9111: `max-age`, then `If-None-Match`. */
export function createCachingClient(url: string): JWTVerifyGetKey {
  let keys: ReturnType<typeof createLocalJWKSet> | undefined;
  let etag: string | undefined;
  let freshUntil = 0;
  let fetching: Promise<void> | undefined;

  async function fetchKeys(): Promise<void> {
    const headers = { 'user-agent': userAgent, ...(etag !== undefined && { 'if-none-match': etag }) };
    const response = await fetch(url, { headers });
    const seconds = /max-age=(\d+)/.exec(response.headers.get('cache-control') ?? '')?.[1] ?? 0;
    if (response.status === 200) {
      keys = createLocalJWKSet((await response.json()) as JSONWebKeySet);
      etag = response.headers.get('etag') ?? undefined;
    } else if (response.status !== 304) throw new Error(`the response to the request for keys was ${response.status}`);
    freshUntil = Date.now() + Number(seconds) * 1000;
  }

  return async (header, token) => {
    if (Date.now() >= freshUntil) {
      fetching ??= fetchKeys().finally(() => (fetching = undefined));
      await fetching;
    }
    return keys!(header, token);
  };
}
