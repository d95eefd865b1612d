/** `frontdesk clients register`: registers a client. */
import { clientKinds, type ClientKind } from '../../clients/client.ts';
import { registerClient as register } from '../../clients/register-client.ts';
import { createClientValidator } from '../../oidc/configuration/client-validator.ts';
import { durationOption, stringListOption, stringOption, UsageError, type Command } from '../command.ts';
import { readJsonFile } from '../input.ts';
import { withBase } from '../with-base.ts';

/** `AUDIENCE` or `AUDIENCE=scope,scope`; an audience may itself have an equals sign. */
function parseApi(text: string): { audience: string; scopes?: string[] } {
  const [, audience = text, scopes] = /^(.*)=([^=]*)$/.exec(text) ?? [];
  return scopes === undefined ? { audience } : { audience, scopes: scopes.split(',').filter(Boolean) };
}

function parseKind(text: string): ClientKind {
  const kind = clientKinds.find((known) => known === text);
  if (!kind) throw new UsageError(`--kind must be one of: ${clientKinds.join(', ')}.`);
  return kind;
}

export const registerClient: Command = {
  name: 'clients register',
  changes: true,
  about: 'Register an app. Its client secret, if it has one, is shown once.',
  options: {
    kind: { value: 'KIND', about: `The kind of app: ${clientKinds.join(', ')}.`, isRequired: true },
    name: { value: 'NAME', about: 'The name that people see.', isRequired: true },
    id: { value: 'ID', about: 'The client_id; a random one by default.' },
    'redirect-uri': { value: 'URI', about: 'A redirect URI; may be repeated.', isRepeatable: true },
    'post-logout-redirect-uri': {
      value: 'URI',
      about: 'A redirect URI for after signing out; may be repeated.',
      isRepeatable: true,
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
      about: 'The OpenID Connect scopes it may ask for: "openid profile email offline_access" by default.',
    },
    metadata: {
      value: 'FILE',
      about: 'JSON file with further metadata of OpenID Connect Registration: jwks, subject_type, logo_uri…',
    },
    conformance: {
      about: 'A client of the conformance suite: it needs no PKCE while CONFORMANCE_PROFILE is on.',
    },
    'first-party': { about: 'An app of the operator: people are not asked for consent.' },
    json: { about: 'Print JSON.' },
  },
  async run({ options, io }) {
    const kind = parseKind(stringOption(options['kind'])!);
    const [uri, scope, file] = ['uri', 'scope', 'metadata'].map((name) => stringOption(options[name]));
    const metadata = file === undefined ? {} : readJsonFile(file);
    await withBase(io, async ({ db, keyring, log, config, outgoing }) => {
      const context = {
        db,
        keyring,
        validate: createClientValidator({ db, keyring, log, outgoing, ...config }),
        issuer: config.issuer,
        by: 'command-line' as const,
      };
      const { client, secret } = await register(context, {
        kind,
        name: stringOption(options['name'])!,
        id: stringOption(options['id']),
        isFirstParty: options['first-party'] === true,
        redirectUris: stringListOption(options['redirect-uri']),
        postLogoutRedirectUris: stringListOption(options['post-logout-redirect-uri']),
        apis: stringListOption(options['api']).map(parseApi),
        backChannelLogoutUri: stringOption(options['back-channel-logout-uri']),
        frontChannelLogoutUri: stringOption(options['front-channel-logout-uri']),
        refreshIdleSeconds: durationOption(options['refresh-idle'], 'refresh-idle'),
        refreshAbsoluteSeconds: durationOption(options['refresh-absolute'], 'refresh-absolute'),
        metadata: {
          ...(scope !== undefined && { scope }),
          ...(uri !== undefined && { client_uri: uri }),
          ...(options['conformance'] === true && { conformance_client: true }),
          ...metadata,
        },
      });
      if (options['json']) return io.out(JSON.stringify({ client_id: client.id, client_secret: secret }));
      io.out(`client_id      ${client.id}`);
      if (secret) io.out(`client_secret  ${secret}\n\nThe secret is not shown again.`);
    });
  },
};
