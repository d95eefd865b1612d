/** Takes back what the library allows strangers' pages: only origins of registered clients may read our answers. */
import type { Context, Middleware } from 'koa';
import { isKnownOrigin } from '../../clients/client-repository.ts';
import type { Database } from '../../platform/database.ts';

/** Called by apps in browsers. What is public (keys, discovery) is open to every page. */
const forApps = new Set(['/oauth/token', '/oauth/userinfo', '/oauth/revoke']);

/**
 * The library answers a preflight of any origin, because it cannot know the client yet, and looks at the client's own
 * origins afterwards. An origin that belongs to no client at all learns nothing.
 */
export function cors(db: Database): Middleware {
  return async (ctx: Context, next) => {
    const origin = ctx.get('Origin');
    await next();
    if (!origin) return;
    const isPublic = ctx.path === '/oauth/jwks' || ctx.path.startsWith('/.well-known/');
    if (isPublic || (forApps.has(ctx.path) && (await isKnownOrigin(db, origin)))) return;
    for (const name of Object.keys(ctx.response.headers)) {
      if (name.startsWith('access-control-')) ctx.remove(name);
    }
  };
}
