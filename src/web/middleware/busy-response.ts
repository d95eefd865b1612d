/** Refuses a request at once, with a response that is made once and kept, so that a refusal costs little under load. */
import type { ServerResponse } from 'node:http';
import type { Context, Middleware } from 'koa';
import { refusalText, type Refusal } from '../../errors.ts';
import type { Services } from '../services.ts';
import { isForPrograms } from './errors.ts';

export interface BusyResponse {
  /** Sends the response for a path without Koa. @returns false when none has been made yet */
  sendKept(response: ServerResponse, path: string, refusal: Refusal): boolean;
  /** Makes the response. */
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

interface Kept {
  /** Names and values in turn. */
  headers: string[];
  body: string;
}

/** @param secure sets the security headers */
export function createBusyResponse(
  { texts, views }: Pick<Services, 'texts' | 'views'>,
  secure: Middleware,
): BusyResponse {
  const kept = new Map<string, Kept>();
  const kindOf = (path: string, { code }: Refusal) => `${code} ${isForPrograms({ path })}`;

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
    kept.set(kindOf(ctx.path, refusal), { headers, body });
  }

  return {
    sendKept(response, path, refusal) {
      const found = kept.get(kindOf(path, refusal));
      if (!found) return false;
      response.writeHead(refusal.status, found.headers).end(found.body);
      return true;
    },
    respond,
  };
}
