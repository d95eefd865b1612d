/** An API: a resource server that access tokens are issued for (RFC 8707). */
import { Refusal } from '../errors.ts';

export const jwtTypes = ['at+jwt', 'JWT'] as const;
export type JwtType = (typeof jwtTypes)[number];

export interface Api {
  /** Absolute URI: the `resource` parameter of requests, and `aud` of access tokens. */
  audience: string;
  name: string;
  /** Scope → what it allows, in the words of the consent page. */
  scopes: Record<string, string>;
  accessTokenLifetimeSeconds: number;
  /** `jwt` (RFC 9068), which the API verifies by itself, or `opaque`, which it introspects (RFC 7662). */
  tokenFormat: 'jwt' | 'opaque';
  /** `typ` header of JWTs for the API: `at+jwt` (RFC 9068), or `JWT` for a resource server that refuses `at+jwt`. */
  jwtType: JwtType;
  /** `client_id` that the API introspects tokens with; undefined when it introspects none. */
  clientId: string | undefined;
}

/** Default lifetime of access tokens: short, because a JWT cannot be revoked. */
export const defaultAccessTokenLifetimeSeconds = 300;

/** Bounds of the lifetime of access tokens, in seconds. */
export const accessTokenLifetimeBounds = { min: 60, max: 900 } as const;

/** Whether a text is a scope (RFC 6749 §3.3) of characters that need no escaping in URLs, HTML and shells. */
export const isScopeName = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9:._/-]{0,63}$/.test(name);

/** Requires an absolute URI without a fragment (RFC 8707 §2). @throws Refusal `argument_invalid` */
export function requireAudience(audience: string): void {
  const parsed = URL.parse(audience);
  if (!parsed || audience.includes('#') || audience.length > 500 || parsed.username) {
    throw new Refusal('argument_invalid', { field: 'audience', reason: 'must_be_audience' });
  }
}
