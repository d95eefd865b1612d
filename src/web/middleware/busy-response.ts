/** Refuses a request at once, with a response that is made once and kept: under load each costs what another cannot have. */
import type { Context, Middleware } from 'koa';
import { Refusal, refusalText } from '../../errors.ts';
import type { Services } from '../services.ts';
import { isForPrograms } from './errors.ts';

interface Kept {
  headers: Record<string, string | string[]>;
  body: string;
}

/** @param secure sets the security headers */
export function createBusyResponse(
  { texts, views }: Pick<Services, 'texts' | 'views'>,
  secure: Middleware,
): (ctx: Context, refusal: Refusal) => Promise<void> {
  const kept = new Map<string, Kept>();

  async function make(ctx: Context, refusal: Refusal): Promise<Kept> {
    const { code, status, retryAfterSeconds } = refusal;
    const hint = refusalText(texts, refusal);
    await secure(ctx, async () => {});
    ctx.set('Cache-Control', 'no-store');
    ctx.set('Retry-After', String(retryAfterSeconds));
    const isJson = isForPrograms(ctx);
    ctx.type = isJson ? 'json' : 'html';
    const body = isJson
      ? JSON.stringify({ error: 'temporarily_unavailable', error_description: hint })
      : views.render('error', { code, words: 'refusal', hint, site: {}, status });
    ctx.set('Content-Length', String(Buffer.byteLength(body)));
    return { headers: { ...ctx.response.headers } as Kept['headers'], body };
  }

  return async (ctx, refusal) => {
    const kind = `${refusal.code} ${isForPrograms(ctx)}`;
    const response = kept.get(kind) ?? (await make(ctx, refusal));
    kept.set(kind, response);
    // Not by Koa, which would set and read each header.
    ctx.respond = false;
    ctx.res.writeHead(refusal.status, response.headers).end(response.body);
  };
}
