/** Redirects POST to GET at the authorization and logout endpoints (Core §3.1.2.1, RP-Initiated Logout §2: MUST). */
import type { Context, Middleware } from 'koa';
import { Refusal } from '../../errors.ts';
import type { Keyring } from '../../platform/secrets.ts';
import { maxFields, readFields } from '../form.ts';
import { seeOther } from '../page.ts';

const endpoints = new Set(['/oauth/authorize', '/oauth/logout']);

/** Proxies and servers accept request lines of 8 KiB; 192 characters are left for the method and the version. */
const maxCharacters = 8_000;

const hintName = 'id_token_hint';
const sealedPrefix = 'sealed.';

/** How long a sealed hint can be opened: a person may load the page again. */
export const hintSeconds = 600;

/** Context that a hint is sealed for: a hint for one endpoint cannot be opened at the other. */
const contextOf = (path: string): string => `${hintName} ${path}`;

/**
 * Seals an ID token, since addresses end up in logs of proxies and in the browser's history.
 *
 * @param path the endpoint that the hint is for
 * @param expiresAt milliseconds since 1970-01-01 UTC
 */
export function sealHint(keyring: Keyring, path: string, hint: string, expiresAt: number): string {
  return `${sealedPrefix}${keyring.seal(contextOf(path), `${expiresAt}.${hint}`).toString('base64url')}`;
}

/**
 * Opens a sealed hint.
 *
 * @returns the ID token. A hint that has expired or cannot be opened is returned sealed, and oidc-provider refuses it.
 */
function openHint(keyring: Keyring, path: string, sealed: string): string {
  try {
    const text = keyring.open(contextOf(path), Buffer.from(sealed.slice(sealedPrefix.length), 'base64url'));
    const end = text.indexOf('.');
    return Number(text.slice(0, end)) > Date.now() ? text.slice(end + 1) : sealed;
  } catch {
    return sealed;
  }
}

/**
 * Path and query of the request, with the fields of the form appended. A field that occurs twice is appended twice.
 *
 * @throws Refusal `request_too_large`, before anything is sealed, because these requests have not passed the rate limit
 *   yet
 */
async function addressOf(ctx: Context, keyring: Keyring): Promise<string> {
  const query = new URLSearchParams(ctx.querystring);
  const fields = [...(await readFields(ctx))];
  const characters = fields.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (fields.length > maxFields || characters > maxCharacters) {
    throw new Refusal('request_too_large', { max: maxCharacters });
  }
  const expiresAt = Date.now() + hintSeconds * 1000;
  for (const [name, value] of fields) {
    query.append(name, name === hintName ? sealHint(keyring, ctx.path, value, expiresAt) : value);
  }
  return `${ctx.path}?${query.toString()}`;
}

/**
 * Redirects a form to the same address by GET. Browsers do not send `SameSite=Lax` cookies with a form of another site,
 * but send them with the GET that follows (RFC 6265bis §5.2), so that a person who is signed in is recognised.
 *
 * @throws Refusal `form_type_wrong`, `body_invalid`, `request_too_large`
 */
export function redirectPostToGet(keyring: Keyring): Middleware {
  return async (ctx: Context, next) => {
    if (!endpoints.has(ctx.path)) return next();
    if (ctx.method !== 'POST') {
      const { [hintName]: hint } = ctx.query;
      const isSealed = typeof hint === 'string' && hint.startsWith(sealedPrefix);
      if (isSealed) ctx.query = { ...ctx.query, [hintName]: openHint(keyring, ctx.path, hint) };
      return next();
    }
    const address = await addressOf(ctx, keyring).catch((error: unknown) => {
      const isTooLarge = error instanceof Refusal && error.code === 'body_too_large';
      throw isTooLarge ? new Refusal('request_too_large', { max: maxCharacters }) : error;
    });
    if (address.length > maxCharacters) throw new Refusal('request_too_large', { max: maxCharacters });
    ctx.set('Cache-Control', 'no-store');
    return seeOther(ctx, address);
  };
}
