/** Holds down floods of requests that would each leave a row behind. */
import type { Context, Middleware } from 'koa';
import { Refusal } from '../../errors.ts';
import { cookieNames } from '../../oidc/cookies.ts';
import { processRateLimit } from '../../platform/rate-limits.ts';
import { networkOf } from '../../sign-in/attempt-limits.ts';

const perMinute = 240;

/**
 * Counts, by the network they come from, requests of strangers that start something: at the authorization and sign-out
 * endpoints. Who has a session is known, and not counted.
 *
 * @param factor multiplies the limit
 * @throws Refusal `requests_many`
 */
export function rateLimit(factor: number, issuer: string): Middleware {
  const limit = processRateLimit({ name: 'start', tries: Math.round(perMinute * factor), perSeconds: 60 });
  const starting = new Set(['/oauth/authorize', '/oauth/logout']);
  const { session } = cookieNames(issuer);
  return async (ctx: Context, next) => {
    if (starting.has(ctx.path) && ctx.cookies.get(session, { signed: true }) === undefined) {
      const wait = await limit.take(networkOf(ctx.ip));
      if (wait > 0) throw new Refusal('requests_many', { seconds: wait }, wait);
    }
    return next();
  };
}
