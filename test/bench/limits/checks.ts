/** The checks of input from people and apps, and texts that could make them slow: requirement F04. */
import { canonicalEmail, canonicalUsername } from '../../../src/accounts/account.ts';
import { requireClaims } from '../../../src/accounts/claims.ts';
import { isScopeName, requireAudience } from '../../../src/apis/api.ts';
import {
  logoOf,
  requireFrontChannelLogoutUri,
  requireRedirectUris,
  requireWebUri,
} from '../../../src/clients/client-uri.ts';
import { isClientId, isClientName } from '../../../src/clients/client.ts';
import { requireAcceptablePassword } from '../../../src/credentials/password.ts';
import { loadConfig } from '../../../src/config.ts';
import { networkOf } from '../../../src/platform/network.ts';
import { describeDevice } from '../../../src/sessions/device.ts';
import { internalPath } from '../../../src/web/account/callback.ts';

const issuer = 'https://login.example.com';

/** Kind of input → its check, which may throw. */
export const checks: Record<string, (text: string) => unknown> = {
  'e-mail address': canonicalEmail,
  'user name': canonicalUsername,
  password: requireAcceptablePassword,
  claims: (text) =>
    requireClaims({ given_name: text, zoneinfo: text, locale: text, phone_number: text, website: text }),
  'client id': isClientId,
  'client name': isClientName,
  'redirect URI': (text) => requireRedirectUris([text], { issuer }),
  'redirect URI of a native app': (text) => requireRedirectUris([text], { issuer, isNative: true }),
  'redirect URI of an operator': (text) => requireRedirectUris([text], { issuer, isByOperator: true }),
  'web address': (text) => requireWebUri('client_uri', text, { issuer }),
  'front-channel logout URI': (text) => requireFrontChannelLogoutUri(text, [text], { issuer }),
  logo: (text) => logoOf({ logo_uri: text, redirect_uris: [text] }),
  audience: requireAudience,
  scope: isScopeName,
  'address of a client': networkOf,
  'user agent': describeDevice,
  'path to return to': internalPath,
  issuer: (text) => loadConfig({ ISSUER: text }),
};

const bytes = 50_000;
const units = [
  ...['x', ' ', '\t', '.', '-', '_', ':', '/', '%2e', '../', '1.', 'a-', 'a.', 'x@', '(', 'e\u0301'],
  // A letter that NFKC turns into eighteen, and one that NFD splits.
  ...['\ufdfa', '\uac01'],
];
const beginnings = ['', 'ann@', 'https://app.example/', 'https://', 'com.example.', '[', 'Mozilla/5.0 ('];
const ends = ['', '!', '\n', '@'];

/** Texts of 50 KB that make regular expressions backtrack: a valid beginning, a repeated unit, and an invalid end. */
export const hardTexts: string[] = beginnings.flatMap((beginning) =>
  units.flatMap((unit) =>
    ends.map((end) => `${beginning}${unit.repeat(Math.ceil(bytes / Buffer.byteLength(unit)))}${end}`),
  ),
);

/** Runs a check, and ignores a refusal. */
export function runCheck(check: (text: string) => unknown, text: string): void {
  try {
    check(text);
  } catch {
    // Refused.
  }
}
