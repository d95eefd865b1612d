/** The cookies of known devices (`sign-in/known-device.ts`): one for each account that has signed in in a browser. */
import type { Context } from 'koa';
import { cookieNames } from '../../oidc/cookies.ts';
import { randomToken } from '../../platform/secrets.ts';
import { issuedAtOf, knownDeviceSeconds } from '../../sign-in/known-device.ts';

/** Maximum number of accounts of a browser. When a sixth signs in, the cookie with the earliest sign-in is removed. */
const maxAccounts = 5;
/** Maximum number of cookies that are read, so that a request costs little and its response's headers stay short. */
const maxCookies = 20;

export interface KnownDeviceCookies {
  values(ctx: Context): string[];
  /** @param replaces the value of an earlier cookie of the same account */
  add(ctx: Context, value: string, replaces: string | undefined): void;
}

export function createKnownDeviceCookies(issuer: string): KnownDeviceCookies {
  const { known } = cookieNames(issuer);
  const flags = { httpOnly: true, sameSite: 'lax', secure: issuer.startsWith('https:'), signed: false } as const;
  const pattern = new RegExp(`^(${known}[\\w-]+)=([\\w.-]*)$`);

  /**
   * The request's cookies, newest first. `ctx.cookies.get` is not used: it caches a pattern per name without a limit.
   */
  function list(ctx: Context): { name: string; value: string }[] {
    const cookies = ctx
      .get('Cookie')
      .split(/; */)
      .flatMap((pair) => {
        const [, name, value] = pattern.exec(pair) ?? [];
        return name === undefined || value === undefined ? [] : [{ name, value }];
      });
    return cookies.slice(0, maxCookies).toSorted((a, b) => issuedAtOf(b.value) - issuedAtOf(a.value));
  }

  return {
    values: (ctx) => list(ctx).map(({ value }) => value),
    add(ctx, value, replaces) {
      const cookies = list(ctx);
      // The name is random, so that it does not reveal the account.
      const name = cookies.find((cookie) => cookie.value === replaces)?.name ?? `${known}${randomToken().slice(0, 8)}`;
      ctx.cookies.set(name, value, { ...flags, maxAge: knownDeviceSeconds * 1000 });
      const others = cookies.filter((cookie) => cookie.name !== name);
      for (const { name: surplus } of others.slice(maxAccounts - 1)) ctx.cookies.set(surplus, null, flags);
    },
  };
}
