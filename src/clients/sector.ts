/** Which apps know a person by the same subject (OpenID Connect Core §8.1). */
import type { ClientMetadata } from './client.ts';

/**
 * Apps of one sector know a person by the same subject: the host of `sector_identifier_uri`, else of the redirect URIs
 * (§8.1). The document behind that address was read when the app was registered (oidc/client-validator.ts).
 */
export function sectorOf({
  sector_identifier_uri: uri,
  redirect_uris: [redirectUri = ''] = [],
}: ClientMetadata): string {
  const { protocol, hostname } = new URL(typeof uri === 'string' ? uri : redirectUri);
  // What stands behind a scheme of an app's own is no host of anybody.
  return /^https?:$/.test(protocol) ? hostname : protocol;
}
