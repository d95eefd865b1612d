/** Limits the rate of requests that insert a row each. */
import type { Context, Middleware } from 'koa';
import { Refusal } from '../../errors.ts';
import { cookieNames } from '../../oidc/cookies.ts';
import type { Oidc } from '../../oidc/live-provider.ts';
import { processRateLimit } from '../../platform/rate-limits.ts';
import { networkOf } from '../../platform/network.ts';

const maxPerMinute = 240;

/** The bucket that a request counts in, for paths that insert rows; undefined for all others. */
function bucketOf(path: string): string | undefined {
  if (path === '/oauth/authorize' || path === '/oauth/logout') return 'start';
  if (path === '/oauth/register' || path.startsWith('/oauth/register/')) return 'register';
  return path.startsWith('/oauth/authorize/') ? 'resume' : undefined;
}

/**
 * Counts these requests by network. A person who is signed in is let through even when the network is over the limit; a
 * session cookie without a sign-in is not enough.
 *
 * @param factor multiplies the limit
 * @throws Refusal `too_many_requests`
 */
export function rateLimit(factor: number, issuer: string, oidc: Oidc): Middleware {
  const limit = processRateLimit({ name: 'start', max: Math.round(maxPerMinute * factor), perSeconds: 60 });
  const { session } = cookieNames(issuer);
  return async (ctx: Context, next) => {
    const bucket = bucketOf(ctx.path);
    if (bucket !== undefined) {
      // Requests with a session cookie are counted apart, so that people who are signed in do not use up others' limit.
      const hasSessionCookie = ctx.cookies.get(session, { signed: true }) !== undefined;
      const wait = await limit.take(`${bucket} ${hasSessionCookie ? 'session' : 'no-session'} ${networkOf(ctx.ip)}`);
      const isLetIn = wait === 0 || (hasSessionCookie && (await oidc.session(ctx)) !== undefined);
      if (!isLetIn) throw new Refusal('too_many_requests', { seconds: wait }, wait);
    }
    return next();
  };
}
