/** Holds down floods of requests that would each leave a row behind. */
import type { Context, Middleware } from 'koa';
import { Refusal } from '../../errors.ts';
import { cookieNames } from '../../oidc/cookies.ts';
import type { Oidc } from '../../oidc/live-provider.ts';
import { processRateLimit } from '../../platform/rate-limits.ts';
import { networkOf } from '../../sign-in/attempt-limits.ts';

const perMinute = 240;

/** Addresses under which strangers leave something behind; what goes on with it is counted by itself. */
function stepOf(path: string): string | undefined {
  if (path === '/oauth/authorize' || path === '/oauth/logout') return 'start';
  if (path === '/oauth/register' || path.startsWith('/oauth/register/')) return 'register';
  return path.startsWith('/oauth/authorize/') ? 'go-on' : undefined;
}

/**
 * Counts, by the network they come from, requests that start something. Whoever is signed in goes on even when the
 * network has used its share up; the cookie of a session that nobody signed in to is no pass.
 *
 * @param factor multiplies the limit
 * @throws Refusal `requests_many`
 */
export function rateLimit(factor: number, issuer: string, oidc: Oidc): Middleware {
  const limit = processRateLimit({ name: 'start', tries: Math.round(perMinute * factor), perSeconds: 60 });
  const { session } = cookieNames(issuer);
  return async (ctx: Context, next) => {
    const step = stepOf(ctx.path);
    if (step !== undefined) {
      // Apart from strangers, so that those who are signed in do not use up what a newcomer needs.
      const isKnown = ctx.cookies.get(session, { signed: true }) !== undefined;
      const wait = await limit.take(`${step} ${isKnown ? 'known' : 'stranger'} ${networkOf(ctx.ip)}`);
      const isLetIn = wait === 0 || (isKnown && (await oidc.session(ctx)) !== undefined);
      if (!isLetIn) throw new Refusal('requests_many', { seconds: wait }, wait);
    }
    return next();
  };
}
