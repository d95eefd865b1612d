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
    const isPublic = ctx.path === '/oauth/jwks' || ctx.path.startsWith('/.well-known/');
    // Asked first: a fault here must not take back what the request did.
    const isAllowed = isPublic || (origin !== '' && forApps.has(ctx.path) && (await isKnownOrigin(db, origin)));
    await next();
    if (origin === '' || isAllowed) return;
    for (const name of Object.keys(ctx.response.headers)) {
      if (name.startsWith('access-control-')) ctx.remove(name);
    }
  };
}
