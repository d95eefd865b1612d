/** Serves JWKS and discovery from memory, with cache headers. */
import { createHash } from 'node:crypto';
import type { Context, Middleware } from 'koa';
import type { Oidc } from '../../oidc/live-provider.ts';
import type { LivePolicy } from '../../policy/live-policy.ts';

/** Paths of the documents. */
export const documents: ReadonlySet<string> = new Set([
  '/.well-known/oauth-authorization-server',
  '/.well-known/openid-configuration',
  '/oauth/jwks',
]);

const maxAgeSeconds = 300;

interface CachedDocument {
  /** `Oidc.generation` when the document was made. The document is outdated when that has changed. */
  generation: number;
  body: string;
  etag: string;
}

/**
 * Caches may keep a document for a quarter of the announcement time of a new key at most, so that every cache knows
 * the key before it signs.
 */
export function publicDocuments(oidc: Oidc, policy: LivePolicy): Middleware {
  const cached = new Map<string, CachedDocument>();

  function send(ctx: Context, { body, etag }: CachedDocument): void {
    const seconds = Math.min(maxAgeSeconds, Math.floor(policy.current.key_announcement / 4));
    ctx.status = 200;
    ctx.type = 'application/json';
    ctx.set('Cache-Control', `public, max-age=${seconds}`);
    // With credentials browsers do not accept `*`.
    ctx.set('Access-Control-Allow-Origin', ctx.get('Origin') || '*');
    ctx.set('Access-Control-Allow-Credentials', 'true');
    ctx.vary('Origin');
    ctx.set('ETag', etag);
    ctx.body = body;
    // Koa's `fresh` is not used: it ignores If-None-Match beside `Cache-Control: no-cache`, which `fetch` may send.
    const tags = ctx.get('If-None-Match').split(',');
    if (tags.some((tag) => tag.trim().replace(/^W\//, '') === etag)) ctx.status = 304;
  }

  return async (ctx, next) => {
    if (!documents.has(ctx.path) || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next();
    const { generation } = oidc;
    const current = cached.get(ctx.path);
    if (current?.generation === generation) return send(ctx, current);
    await next();
    if (ctx.status !== 200) return undefined;
    const body = JSON.stringify(ctx.body);
    // 22 characters of base64url: 132 bits.
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    const document = { generation, body, etag };
    cached.set(ctx.path, document);
    return send(ctx, document);
  };
}
