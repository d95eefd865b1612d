/** Where apps hear of sign-outs: the rules for the addresses they register. */
import { Refusal } from '../errors.ts';
import { requireWebUri } from './client-uri.ts';

/** OpenID Connect Back-Channel Logout 1.0 §2.2. @throws Refusal `redirect_uri_invalid` */
export const requireBackChannelUri = (uri: string, issuer: string): void => requireWebUri(uri, issuer);

/**
 * It must be a page of the app (OpenID Connect Front-Channel Logout 1.0 §2).
 *
 * @throws Refusal `redirect_uri_invalid`
 */
export function requireFrontChannelUri(uri: string, redirectUris: readonly string[], issuer: string): void {
  requireWebUri(uri, issuer);
  const { origin } = new URL(uri);
  if (redirectUris.some((redirectUri) => URL.parse(redirectUri)?.origin === origin)) return;
  throw new Refusal('redirect_uri_invalid', { uri, reason: 'no redirect URI has the same origin' });
}
