/** Limits CORS to the origins of registered clients, also for preflights. */
import type { Context, Middleware } from 'koa';
import { isKnownOrigin } from '../../clients/client-repository.ts';
import type { Database } from '../../platform/database.ts';

/** Endpoints that apps call from browsers. Keys and discovery are open to every origin. */
const browserEndpoints = new Set(['/oauth/token', '/oauth/userinfo', '/oauth/revoke']);

/**
 * oidc-provider allows every origin in a preflight, since it does not know the client yet, and checks the origins of
 * the client in the request that follows. This removes the headers for an origin that belongs to no client.
 */
export function cors(db: Database): Middleware {
  return async (ctx: Context, next) => {
    const origin = ctx.get('Origin');
    const isPublic = ctx.path === '/oauth/jwks' || ctx.path.startsWith('/.well-known/');
    // The query comes before the request is handled: a failure of it must not undo the request's writes.
    const isAllowed =
      isPublic || (origin !== '' && browserEndpoints.has(ctx.path) && (await isKnownOrigin(db, origin)));
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
