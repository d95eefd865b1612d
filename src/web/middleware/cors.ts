/** Limits CORS to the origins of registered clients, also for preflights. */
import type { Context, Middleware } from 'koa';
import { isKnownOrigin } from '../../clients/client-repository.ts';
import type { Database } from '../../platform/database.ts';

/** Endpoints that apps call from browsers. Keys and discovery are open to every origin. */
const forApps = new Set(['/oauth/token', '/oauth/userinfo', '/oauth/revoke']);

/**
 * The library answers preflights of every origin, since the client is not known yet, and checks the client's origins
 * afterwards. The headers are removed for an origin that belongs to no client.
 */
export function cors(db: Database): Middleware {
  return async (ctx: Context, next) => {
    const origin = ctx.get('Origin');
    const isPublic = ctx.path === '/oauth/jwks' || ctx.path.startsWith('/.well-known/');
    // Before the request: a fault here must not undo what the request did.
    const isAllowed = isPublic || (origin !== '' && forApps.has(ctx.path) && (await isKnownOrigin(db, origin)));
    await next();
    if (origin === '') return;
    if (isAllowed) {
      // These endpoints ignore cookies, so a page that sends them learns nothing by it.
      ctx.set('Access-Control-Allow-Credentials', 'true');
      return;
    }
    for (const name of Object.keys(ctx.response.headers)) {
      if (name.startsWith('access-control-')) ctx.remove(name);
    }
  };
}
