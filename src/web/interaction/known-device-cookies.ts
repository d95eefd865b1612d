/** The cookies of known devices (`sign-in/known-device.ts`): one for each account that has signed in in a browser. */
import type { Context } from 'koa';
import { cookieNames } from '../../oidc/cookies.ts';
import { randomToken } from '../../platform/secrets.ts';
import { issuedAtOf, knownDeviceSeconds } from '../../sign-in/known-device.ts';

/** When a sixth account signs in, the one that signed in the longest ago is removed. */
const maxAccounts = 5;
/** Bounds the work for one request, and the length of its response's headers. */
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

  /** Not by `ctx.cookies.get`, which keeps something of every name for ever. */
  function list(ctx: Context): { name: string; value: string }[] {
    const cookies = ctx
      .get('Cookie')
      .split(/; */)
      .flatMap((pair) => {
        const [, name, value] = pattern.exec(pair) ?? [];
        return name === undefined || value === undefined ? [] : [{ name, value }];
      });
    return cookies.slice(0, maxCookies).toSorted((one, other) => issuedAtOf(other.value) - issuedAtOf(one.value));
  }

  return {
    values: (ctx) => list(ctx).map(({ value }) => value),
    add(ctx, value, replaces) {
      const before = list(ctx);
      // The name is random: it does not say which account the cookie is of.
      const name = before.find((cookie) => cookie.value === replaces)?.name ?? `${known}${randomToken().slice(0, 8)}`;
      ctx.cookies.set(name, value, { ...flags, maxAge: knownDeviceSeconds * 1000 });
      const others = before.filter((cookie) => cookie.name !== name);
      for (const { name: surplus } of others.slice(maxAccounts - 1)) ctx.cookies.set(surplus, null, flags);
    },
  };
}
