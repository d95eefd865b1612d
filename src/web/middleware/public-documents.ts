/** Keys and discovery: the same for everybody, so they are served from memory and may be kept. */
import { createHash } from 'node:crypto';
import type { Context, Middleware } from 'koa';
import type { Oidc } from '../../oidc/live-provider.ts';
import type { LivePolicy } from '../../policy/live-policy.ts';

const documents = new Set([
  '/.well-known/oauth-authorization-server',
  '/.well-known/openid-configuration',
  '/oauth/jwks',
]);

const maxSeconds = 300;

interface Kept {
  generation: number;
  body: string;
  etag: string;
}

/**
 * What a cache keeps must be older than a key's announcement by the time the key signs: so it is kept for a quarter of
 * that at most.
 */
export function publicDocuments(oidc: Oidc, policy: LivePolicy): Middleware {
  const kept = new Map<string, Kept>();

  function answer(ctx: Context, { body, etag }: Kept): void {
    const seconds = Math.min(maxSeconds, Math.floor(policy.now.key_announcement / 4));
    ctx.status = 200;
    ctx.type = 'application/json';
    ctx.set('Cache-Control', `public, max-age=${seconds}`);
    ctx.set('Access-Control-Allow-Origin', '*');
    ctx.set('ETag', etag);
    ctx.body = body;
    // Koa's `fresh` sends all again on `Cache-Control: no-cache`, which fetch adds to every conditional request.
    const known = ctx.get('If-None-Match').split(',');
    if (known.some((tag) => tag.trim().replace(/^W\//, '') === etag)) ctx.status = 304;
  }

  return async (ctx, next) => {
    if (!documents.has(ctx.path) || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next();
    const { generation } = oidc;
    const known = kept.get(ctx.path);
    if (known?.generation === generation) return answer(ctx, known);
    await next();
    if (ctx.status !== 200) return undefined;
    const body = JSON.stringify(ctx.body);
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    const made = { generation, body, etag };
    kept.set(ctx.path, made);
    return answer(ctx, made);
  };
}
