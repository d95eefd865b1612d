/** Headers that tell browsers what our pages may do. */
import type { Context, Middleware } from 'koa';
import helmet from 'koa-helmet';

/**
 * No inline script or style anywhere. The library adds the hash of its own inline scripts to `script-src`, which must
 * be there for that. No Cross-Origin-Opener-Policy: it would cut a popup sign-in off the site that opened it.
 */
export function securityHeaders(issuer: string): Middleware {
  const isSecure = issuer.startsWith('https:');
  const set = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'script-src': ["'self'"],
        'style-src': ["'self'"],
        'img-src': ["'self'"],
        'connect-src': ["'self'"],
        'form-action': ["'self'"],
        'frame-ancestors': ["'none'"],
        'base-uri': ["'none'"],
        'object-src': ["'none'"],
      },
    },
    // With no-referrer Chromium would post our own forms with `Origin: null`.
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: isSecure ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    crossOriginOpenerPolicy: false,
    crossOriginResourcePolicy: false,
    originAgentCluster: true,
    xFrameOptions: { action: 'deny' },
  });
  return set;
}

/** Whether a source is one and nothing else in a policy, whatever a URL lets a host be. */
const isOneSource = (source: string): boolean => /^[a-z][a-z0-9+.-]*:(\/\/[a-z0-9._-]+(:\d+)?)?$/i.test(source);

/** Lets this one page load these pages of apps in frames, and no others. */
export function allowFrames(ctx: Context, addresses: string[]): void {
  const origins = [...new Set(addresses.map((address) => new URL(address).origin))].filter(isOneSource);
  if (origins.length === 0) return;
  const policy = ctx.response.get('Content-Security-Policy');
  ctx.set('Content-Security-Policy', `${policy};frame-src ${origins.join(' ')}`);
}

/**
 * Lets forms of this one page lead on to these origins. Chromium holds the whole chain of redirects after a form
 * against `form-action`, so the way back to the app must be named.
 */
export function allowFormTargets(ctx: Context, targets: string[]): void {
  const added = targets.filter(isOneSource).join(' ');
  if (added === '') return;
  const policy = ctx.response.get('Content-Security-Policy');
  ctx.set(
    'Content-Security-Policy',
    policy.replace(/form-action [^;]*/, (directive) => `${directive} ${added}`),
  );
}

/** Lets this one page load pictures of this one origin beside our own. */
export function allowPicture(ctx: Context, address: string): void {
  const { origin } = new URL(address);
  if (!isOneSource(origin)) return;
  const policy = ctx.response.get('Content-Security-Policy');
  ctx.set('Content-Security-Policy', policy.replace(/img-src [^;]*/, `$& ${origin}`));
}

/** The sign-out endpoint takes an ID token in its address (OpenID Connect RP-Initiated Logout §2). */
export function noReferrerOnLogout(): Middleware {
  return (ctx, next) => {
    if (ctx.path === '/oauth/logout') ctx.set('Referrer-Policy', 'no-referrer');
    return next();
  };
}
