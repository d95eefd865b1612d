/** An API that access tokens are issued for (a resource server, RFC 8707). */
import { Refusal } from '../errors.ts';

export const jwtTypes = ['at+jwt', 'JWT'] as const;
export type JwtType = (typeof jwtTypes)[number];

export interface Api {
  /** Absolute URI: the `resource` parameter of requests, and `aud` in tokens. */
  audience: string;
  name: string;
  /** Scope → what it lets an app do, in words for the consent page. */
  scopes: Record<string, string>;
  accessTokenLifetimeSeconds: number;
  /** `jwt`: the API checks tokens by itself. `opaque`: it asks about each one, and learns at once of a revocation. */
  tokenFormat: 'jwt' | 'opaque';
  /** `typ` of its JWTs: that of RFC 9068, or `JWT` for resource servers that refuse `at+jwt`. */
  jwtType: JwtType;
  /** The client as which the API asks. */
  clientId: string | undefined;
}

/** Lifetime of access tokens when an API says nothing else. They cannot be taken back, so they are short. */
export const defaultAccessTokenLifetimeSeconds = 300;

/** In seconds. */
export const accessTokenLifetimeBounds = { min: 60, max: 900 } as const;

/** A scope token of RFC 6749 §3.3, kept to characters that need no quoting anywhere. */
export const isScopeName = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9:._/-]{0,63}$/.test(name);

/** @throws Refusal `argument_invalid` for an audience that is no absolute URI or has a fragment (RFC 8707 §2) */
export function requireAudience(audience: string): void {
  const parsed = URL.parse(audience);
  if (!parsed || audience.includes('#') || audience.length > 500 || parsed.username) {
    throw new Refusal('argument_invalid', { field: 'audience', reason: 'must_be_audience' });
  }
}
