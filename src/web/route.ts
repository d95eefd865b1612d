/** Routes: an address, who may use it, and what answers. `index.ts` lists all of them. */
import type { Context } from 'koa';

/** Answers a request of one route. */
export type Handler = (ctx: Context) => Promise<void> | void;

/**
 * Who may use a route.
 *
 * - `public`: everybody; the route only reads
 * - `interaction`: the browser that an app sent here; writes need a form of ours with the token of that interaction
 * - `account`: whoever is signed in; writes need a form of ours with the token of that session
 * - `bearer`: a program that shows a token (RFC 6750); the handler checks which
 */
export type Guard = 'public' | 'interaction' | 'account' | 'bearer';

/** What a route answers when all is well: a view of `views/`, or one of these. */
export type Answer = `${string}/${string}` | 'redirect' | 'json' | 'text';

export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** In the form of @koa/router: `/interaction/:uid`. */
  address: string;
  guard: Guard;
  answer: Answer;
  handle: Handler;
}

export const route = (
  method: Route['method'],
  address: string,
  guard: Guard,
  answer: Answer,
  handle: Handler,
): Route => ({ method, address, guard, answer, handle });

/** A named part of the address: `uid` of `/interaction/:uid`. */
export const parameterOf = (ctx: Context, name: string): string => {
  const { [name]: value = '' } = ctx['params'] as Record<string, string | undefined>;
  return value;
};
