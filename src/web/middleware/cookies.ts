/** Adds missing flags (HttpOnly, SameSite, Secure) to every cookie. */
import type { Context, Middleware } from 'koa';

/** The cookie library signs cookies again under a newer key by itself, and then leaves out their flags. */
export function cookieFlags(issuer: string): Middleware {
  const isSecure = issuer.startsWith('https:');
  const complete = (cookie: string): string => {
    const has = (flag: string) => new RegExp(`; *${flag}`, 'i').test(cookie);
    return [
      cookie,
      !has('httponly') && 'httponly',
      !has('samesite') && 'samesite=lax',
      isSecure && !has('secure') && 'secure',
    ]
      .filter(Boolean)
      .join('; ');
  };
  return async (ctx: Context, next) => {
    await next();
    const cookies = [ctx.response.get('Set-Cookie') ?? []].flat().filter(Boolean);
    if (cookies.length > 0) ctx.set('Set-Cookie', cookies.map(complete));
  };
}
