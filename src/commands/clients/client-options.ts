/** The options that `clients register` and `clients update` share, and the client details that they stand for. */
import type { ClientDetails } from '../../clients/client-details.ts';
import { clientKinds, type ClientKind } from '../../clients/client.ts';
import {
  clearedOptions,
  durationOption,
  stringListOption,
  stringOption,
  UsageError,
  type Option,
  type Options,
} from '../command.ts';
import { readJsonFile } from '../input.ts';

export const clientOptions: Readonly<Record<string, Option>> = {
  'redirect-uri': { value: 'URI', about: 'A redirect URI; may be repeated.', isRepeatable: true },
  'post-logout-redirect-uri': {
    value: 'URI',
    about: 'A redirect URI for after signing out; may be repeated.',
    isRepeatable: true,
  },
  'app-scheme': {
    about: 'The site has a phone or desktop app: redirect URIs may be com.example.app:/path and loopback ones as well.',
  },
  uri: { value: 'URI', about: 'The home page of the app.' },
  'back-channel-logout-uri': { value: 'URI', about: 'Where the app receives a logout token when a session ends.' },
  'front-channel-logout-uri': {
    value: 'URI',
    about: 'A page of the app that the browser loads after signing out, for an app that cannot be called.',
  },
  'refresh-idle': { value: 'TIME', about: 'A refresh token expires when it is not used for this long: 12h, 14d.' },
  'refresh-absolute': { value: 'TIME', about: 'Refresh tokens expire this long after the person signed in: 90d.' },
  api: {
    value: 'AUDIENCE[=SCOPE,…]',
    about: 'An API that the app may get access tokens for, and the scopes, all by default; may be repeated.',
    isRepeatable: true,
  },
  scope: {
    value: 'SCOPES',
    about: 'The OpenID Connect scopes that it may request: "openid profile email offline_access" by default.',
  },
  'require-pkce': { about: 'The app must use PKCE, also when it is confidential and the policy does not require it.' },
  'id-token-claims': {
    value: 'on|off',
    about: 'Whether ID tokens carry the claims of the granted scopes, beside userinfo: on by default.',
  },
  metadata: {
    value: 'FILE',
    about: 'JSON file with further metadata of OpenID Connect Registration: jwks, subject_type, logo_uri…',
  },
  conformance: {
    about: 'A client of the conformance suite: its ID tokens carry no claims of the granted scopes by default.',
  },
  'first-party': { about: 'An app of the operator: people are not asked for consent.' },
};

/** Options that `clients update --clear` accepts: it removes their value, or sets the default again. */
export const clearable = [
  'post-logout-redirect-uri',
  'app-scheme',
  'uri',
  'back-channel-logout-uri',
  'front-channel-logout-uri',
  'refresh-idle',
  'refresh-absolute',
  'api',
  'scope',
  'require-pkce',
  'id-token-claims',
  'conformance',
  'first-party',
] as const;

/** `AUDIENCE` or `AUDIENCE=scope,scope`; an audience may itself have an equals sign. */
function parseApi(text: string): { audience: string; scopes?: string[] } {
  const [, audience = text, scopes] = /^(.*)=([^=]*)$/.exec(text) ?? [];
  return scopes === undefined ? { audience } : { audience, scopes: scopes.split(',').filter(Boolean) };
}

/** @throws UsageError */
export function parseKind(text: string): ClientKind {
  const kind = clientKinds.find((each) => each === text);
  if (!kind) throw new UsageError(`--kind must be one of: ${clientKinds.join(', ')}.`);
  return kind;
}

/** @throws UsageError */
function parseSwitch(value: Options[string], name: string): boolean | undefined {
  const text = stringOption(value);
  if (text === undefined) return undefined;
  if (text !== 'on' && text !== 'off') throw new UsageError(`--${name} must be on or off.`);
  return text === 'on';
}

/**
 * The details that the options name.
 *
 * @throws UsageError
 */
export function detailsOf(options: Options): ClientDetails {
  const cleared = clearedOptions(options, clearable);
  const text = (name: (typeof clearable)[number]) => (cleared.has(name) ? null : stringOption(options[name]));
  const list = (name: string) => (options[name] === undefined ? undefined : stringListOption(options[name]));
  const seconds = (name: 'refresh-idle' | 'refresh-absolute') =>
    cleared.has(name) ? null : durationOption(options[name], name);
  /** True for a switch that is set, false for one that is cleared. */
  const flag = (name: (typeof clearable)[number]) => (cleared.has(name) ? false : options[name] === true || undefined);
  const [name, kind, file] = ['name', 'kind', 'metadata'].map((option) => stringOption(options[option]));
  return {
    kind: kind === undefined ? undefined : parseKind(kind),
    name,
    isFirstParty: flag('first-party'),
    redirectUris: list('redirect-uri'),
    postLogoutRedirectUris: cleared.has('post-logout-redirect-uri') ? null : list('post-logout-redirect-uri'),
    backChannelLogoutUri: text('back-channel-logout-uri'),
    frontChannelLogoutUri: text('front-channel-logout-uri'),
    refreshIdleSeconds: seconds('refresh-idle'),
    refreshAbsoluteSeconds: seconds('refresh-absolute'),
    hasAppScheme: flag('app-scheme'),
    requiresPkce: flag('require-pkce') === false ? null : flag('require-pkce'),
    hasIdTokenClaims: cleared.has('id-token-claims')
      ? null
      : parseSwitch(options['id-token-claims'], 'id-token-claims'),
    apis: cleared.has('api') ? [] : list('api')?.map(parseApi),
    scope: text('scope'),
    homePage: text('uri'),
    isConformanceClient: flag('conformance'),
    metadata: file === undefined ? undefined : readJsonFile(file),
  };
}
