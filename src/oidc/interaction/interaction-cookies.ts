/** Cookies that bind interactions to the browser that began them: one per interaction, at most five in a browser. */
import type { Context } from 'koa';
import type { Keyring } from '../../platform/secrets.ts';
import { cookieNames } from '../cookies.ts';

/** Maximum number of interactions of a browser. When a sixth begins, the oldest is removed. */
export const maxPending = 5;

/** Maximum number of cookies that one response removes, so that its headers stay short. */
const maxRemovedAtOnce = 20;

interface PendingCookie {
  uid: string;
  value: string;
  /** Milliseconds since 1970; 0 when the cookie's signature is wrong. */
  startedAt: number;
}

export interface InteractionCookies {
  /** The cookie's value, which only this browser knows; undefined when another browser began the interaction. */
  valueFor(ctx: Context, uid: string): string | undefined;
  /** Removes the oldest cookies when there are more than five: several interactions may have begun at once. */
  removeSurplus(ctx: Context): void;
  /**
   * Makes oidc-provider use these cookies. The library would set four cookies for each interaction, with different
   * paths, so that no request carries all of them and they cannot be counted.
   *
   * @param deleteRow deletes the stored interaction of a removed cookie
   */
  replaceLibraryCookies(ctx: Context, deleteRow: (uid: string) => void): void;
}

/** @param resubmitSeconds how long a cookie is kept after its interaction ended, for a form that is submitted twice */
export function createInteractionCookies(
  issuer: string,
  keyring: Keyring,
  resubmitSeconds: number,
): InteractionCookies {
  const names = cookieNames(issuer);
  const flags = { httpOnly: true, sameSite: 'lax', secure: issuer.startsWith('https:'), signed: false } as const;
  const pattern = new RegExp(`^${names.pending}([\\w-]+)=([\\w.-]*)$`);
  const textOf = (uid: string, startedAt: string) => `pending\0${uid}\0${startedAt}`;
  const uidOf = (ctx: Context): string => ctx.path.split('/').at(-1) ?? '';

  function startOf(uid: string, value: string): number {
    const [startedAt = '', signature = ''] = value.split('.');
    return keyring.isSigned(textOf(uid, startedAt), signature) ? Number.parseInt(startedAt, 36) : 0;
  }

  /**
   * The request's cookies, newest first. `ctx.cookies.get` is not used: it caches a pattern per name without a limit.
   */
  function list(ctx: Context): PendingCookie[] {
    const pairs = ctx.get('Cookie').split(/; */);
    const cookies = pairs.flatMap((pair) => {
      const [, uid, value] = pattern.exec(pair) ?? [];
      return uid === undefined || value === undefined ? [] : [{ uid, value, startedAt: startOf(uid, value) }];
    });
    return cookies.toSorted((a, b) => b.startedAt - a.startedAt);
  }

  const set = (ctx: Context, uid: string, value: string | null, maxAge?: number) =>
    ctx.cookies.set(`${names.pending}${uid}`, value, { ...flags, ...(maxAge !== undefined && { maxAge }) });

  /** Removes all cookies but the newest `max`. */
  function keepNewest(ctx: Context, max: number, onRemoved: (cookie: PendingCookie) => void = () => {}): void {
    for (const cookie of list(ctx).slice(max, max + maxRemovedAtOnce)) {
      set(ctx, cookie.uid, null);
      onRemoved(cookie);
    }
  }

  function begin(ctx: Context, uid: string, maxAge: number | undefined, deleteRow: (uid: string) => void): void {
    keepNewest(ctx, maxPending - 1, (removed) => removed.startedAt > 0 && deleteRow(removed.uid));
    const startedAt = Date.now().toString(36);
    set(ctx, uid, `${startedAt}.${keyring.sign(textOf(uid, startedAt))}`, maxAge);
  }

  function valueFor(ctx: Context, uid: string): string | undefined {
    return list(ctx).find((cookie) => cookie.uid === uid && cookie.startedAt > 0)?.value;
  }

  return {
    valueFor,
    removeSurplus: (ctx) => keepNewest(ctx, maxPending),

    replaceLibraryCookies(ctx, deleteRow) {
      const { cookies } = ctx;
      const [get, write] = [cookies.get.bind(cookies), cookies.set.bind(cookies)];
      cookies.get = (name, options) => {
        if (name !== names.resume) return get(name, options);
        return valueFor(ctx, uidOf(ctx)) === undefined ? undefined : uidOf(ctx);
      };
      cookies.set = (name, value, options) => {
        if (name === names.resume && value) begin(ctx, value, options?.maxAge, deleteRow);
        // The library deletes its cookie on resume. Ours is kept for a form that is submitted twice.
        else if (name === names.resume) set(ctx, uidOf(ctx), valueFor(ctx, uidOf(ctx)) ?? null, resubmitSeconds * 1000);
        // The library needs the cookie `interaction` only for `interactionDetails`, which is not used
        // (live-provider.ts).
        else if (name !== names.interaction) write(name, value, options);
        return cookies;
      };
    },
  };
}
