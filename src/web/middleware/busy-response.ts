/** The responses to requests that are refused under load: each is rendered once and cached, so that it costs little. */
import type { ServerResponse } from 'node:http';
import type { Context, Middleware } from 'koa';
import { refusalText, type Refusal } from '../../errors.ts';
import type { Services } from '../services.ts';
import { isForPrograms } from './errors.ts';

export interface BusyResponse {
  /** Sends the cached response, without Koa. @returns false when `respond` has not cached it yet */
  sendCached(response: ServerResponse, path: string, refusal: Refusal): boolean;
  /** Renders the response, sends it by Koa, and caches it. */
  respond(ctx: Context, refusal: Refusal): Promise<void>;
}

/** The headers that a JSON response needs. Each header costs time, and the others protect pages. */
const headersOfJson = new Set([
  'access-control-allow-origin',
  'access-control-expose-headers',
  'cache-control',
  'content-length',
  'content-type',
  'retry-after',
  'strict-transport-security',
  'x-content-type-options',
]);

interface CachedResponse {
  /** Names and values in turn. */
  headers: string[];
  body: string;
}

/** @param secure sets the security headers */
export function createBusyResponse(
  { texts, views }: Pick<Services, 'texts' | 'views'>,
  secure: Middleware,
): BusyResponse {
  const cache = new Map<string, CachedResponse>();
  const cacheKey = (path: string, { code }: Refusal) => `${code} ${isForPrograms({ path })}`;

  async function respond(ctx: Context, refusal: Refusal): Promise<void> {
    const { code, status, retryAfterSeconds } = refusal;
    const hint = refusalText(texts, refusal);
    await secure(ctx, async () => {});
    ctx.status = status;
    ctx.set('Cache-Control', 'no-store');
    ctx.set('Retry-After', String(retryAfterSeconds));
    const isJson = isForPrograms(ctx);
    // For single-page apps on any origin: without it they see a network error. The body contains nothing secret.
    if (isJson) ctx.set({ 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': 'Retry-After' });
    ctx.type = isJson ? 'json' : 'html';
    const body = isJson
      ? JSON.stringify({ error: 'temporarily_unavailable', error_description: hint })
      : views.render('error', { code, words: 'refusal', hint, site: {}, status });
    ctx.body = body;
    const headers = Object.entries(ctx.response.headers)
      .filter(([name]) => !isJson || headersOfJson.has(name))
      .flatMap(([name, value]) => [name, String(value)]);
    cache.set(cacheKey(ctx.path, refusal), { headers, body });
  }

  return {
    sendCached(response, path, refusal) {
      const cached = cache.get(cacheKey(path, refusal));
      if (!cached) return false;
      response.writeHead(refusal.status, cached.headers).end(cached.body);
      return true;
    },
    respond,
  };
}
