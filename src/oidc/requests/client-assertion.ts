/** Checks of client assertions (RFC 7523, OpenID Connect Core §9) that oidc-provider does not make. */
import { errors, type KoaContextWithOIDC } from 'oidc-provider';

const maxLifetimeSeconds = 300;

export interface AssertionRules {
  clockToleranceSeconds: number;
  /** Whether the client follows FAPI 2.0, which allows the issuer alone as audience. */
  isFapi: boolean;
}

/**
 * Requires that the JWT is no request object, that every audience is the issuer or, without FAPI, the token endpoint,
 * that `iat` is not in the future, and that the assertion expires within five minutes.
 *
 * @throws InvalidClientAuth
 */
export function assertClientAssertion(
  { oidc }: KoaContextWithOIDC,
  claims: Record<string, unknown>,
  header: Record<string, unknown>,
  { clockToleranceSeconds, isFapi }: AssertionRules,
): void {
  // A request object passed through a browser and may have been read there (RFC 9101 §10.8).
  if (header['typ'] === 'oauth-authz-req+jwt' || claims['response_type'] !== undefined) {
    throw new errors.InvalidClientAuth('a request object is not a client assertion');
  }
  const audiences = [claims['aud']].flat();
  const allowed = isFapi ? [oidc.issuer] : [oidc.issuer, oidc.urlFor('token')];
  if (audiences.length === 0 || !audiences.every((audience) => allowed.includes(String(audience)))) {
    throw new errors.InvalidClientAuth(`the audience must be ${allowed.join(' or ')}`);
  }
  const now = Math.floor(Date.now() / 1000);
  if (claims['iat'] !== undefined && !(Number(claims['iat']) <= now + clockToleranceSeconds)) {
    throw new errors.InvalidClientAuth('iat must not be in the future');
  }
  if (Number(claims['exp']) > now + maxLifetimeSeconds + clockToleranceSeconds) {
    throw new errors.InvalidClientAuth(`exp must be at most ${maxLifetimeSeconds} seconds ahead`);
  }
}
