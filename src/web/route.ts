/** Routes: a path, who may use it, and its handler. `index.ts` lists all of them. */
import type { Context } from 'koa';

/** Handles a request of one route. */
export type Handler = (ctx: Context) => Promise<void> | void;

/**
 * Who may use a route.
 *
 * - `public`: everybody; the route only reads
 * - `interaction`: the browser that an app sent here; a form must carry the CSRF token of that interaction
 * - `account`: a person who is signed in; a form must carry the CSRF token of that session
 * - `bearer`: a client that sends a bearer token (RFC 6750); the handler checks which
 */
export type Guard = 'public' | 'interaction' | 'account' | 'bearer';

/**
 * What a route responds with on success: a view (`account/devices` is `views/account/devices.pug`), or one of these.
 */
export type RouteResponse = `${string}/${string}` | 'redirect' | 'json' | 'text';

export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** In the form of @koa/router: `/interaction/:uid`. */
  path: string;
  guard: Guard;
  response: RouteResponse;
  handle: Handler;
}

export const route = (
  method: Route['method'],
  path: string,
  guard: Guard,
  response: RouteResponse,
  handle: Handler,
): Route => ({ method, path, guard, response, handle });

/**
 * A parameter of the path, such as `uid` of `/interaction/:uid`; an empty string when the path has none of this name.
 */
export const pathParameter = (ctx: Context, name: string): string => {
  const { [name]: value = '' } = ctx['params'] as Record<string, string | undefined>;
  return value;
};
