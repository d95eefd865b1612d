/** Security headers: Content-Security-Policy, HSTS, referrer policy and others. */
import type { Context, Middleware } from 'koa';
import helmet from 'koa-helmet';

/**
 * Allows no inline scripts or styles. oidc-provider adds hashes of its own inline scripts to a `script-src` that is
 * set. Cross-Origin-Opener-Policy is not set: it would cut a sign-in in a popup off from the site that opened it.
 */
export function securityHeaders(issuer: string): Middleware {
  const isSecure = issuer.startsWith('https:');
  return helmet({
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
    // With `no-referrer` Chromium would post Frontdesk's own forms with `Origin: null`.
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: isSecure ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    crossOriginOpenerPolicy: false,
    crossOriginResourcePolicy: false,
    originAgentCluster: true,
    xFrameOptions: { action: 'deny' },
  });
}

/** Whether a text is one source expression of CSP: the host of a URL may hold characters that end one, such as `;`. */
const isSingleSource = (source: string): boolean => /^[a-z][a-z0-9+.-]*:(\/\/[a-z0-9._-]+(:\d+)?)?$/i.test(source);

/** Allows the page of this response to embed these addresses as frames. */
export function allowFrames(ctx: Context, addresses: string[]): void {
  const origins = [...new Set(addresses.map((address) => new URL(address).origin))].filter(isSingleSource);
  if (origins.length === 0) return;
  const policy = ctx.response.get('Content-Security-Policy');
  ctx.set('Content-Security-Policy', `${policy};frame-src ${origins.join(' ')}`);
}

/**
 * Removes `form-action` from the page of this response, whose forms end at an app. Chromium checks every redirect that
 * follows a form, so a list would also judge where the app sends the person next: to another host, or to an app's own
 * scheme. We cannot know these addresses, and a redirect that is blocked there has used up the code already.
 */
export function allowFormsToApps(ctx: Context): void {
  const policy = ctx.response.get('Content-Security-Policy');
  ctx.set('Content-Security-Policy', policy.replace(/form-action [^;]*;?/, ''));
}

/** Allows the page of this response to load images from the origin of an address. */
export function allowImage(ctx: Context, address: string): void {
  const { origin } = new URL(address);
  if (!isSingleSource(origin)) return;
  const policy = ctx.response.get('Content-Security-Policy');
  ctx.set('Content-Security-Policy', policy.replace(/img-src [^;]*/, `$& ${origin}`));
}

/**
 * Sets `no-referrer` at the logout endpoint, whose URL may hold an ID token (OpenID Connect RP-Initiated Logout §2).
 */
export function noReferrerOnLogout(): Middleware {
  return (ctx, next) => {
    if (ctx.path === '/oauth/logout') ctx.set('Referrer-Policy', 'no-referrer');
    return next();
  };
}
