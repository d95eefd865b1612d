/** `frontdesk clients register`: registers an app. */
import { clientKinds, type ClientKind } from '../../clients/client.ts';
import { registerClient as register } from '../../clients/register-client.ts';
import { createClientValidator } from '../../oidc/configuration/client-validator.ts';
import { duration, many, one, UsageError, type Command } from '../command.ts';
import { readJsonFile } from '../input.ts';
import { withBase } from '../with-base.ts';

/** `AUDIENCE` or `AUDIENCE=scope,scope`. */
function parseApi(text: string): { audience: string; scopes?: string[] } {
  const [, audience = text, scopes] = /^(.*)=([^=]*)$/.exec(text) ?? [];
  return scopes === undefined ? { audience } : { audience, scopes: scopes.split(',').filter(Boolean) };
}

function parseKind(text: string): ClientKind {
  const kind = clientKinds.find((known) => known === text);
  if (!kind) throw new UsageError(`--kind must be one of: ${clientKinds.join(', ')}`);
  return kind;
}

export const registerClient: Command = {
  name: 'clients register',
  about: 'Register an app. Its secret, where it has one, is shown this once.',
  options: {
    kind: { value: 'KIND', about: `What it is: ${clientKinds.join(', ')}.`, isRequired: true },
    name: { value: 'NAME', about: 'What people see.', isRequired: true },
    id: { value: 'ID', about: 'Its client_id; a random one when left out.' },
    'redirect-uri': {
      value: 'URI',
      about: 'Where people are sent back to; may be given more than once.',
      isRepeatable: true,
    },
    'post-logout-redirect-uri': {
      value: 'URI',
      about: 'Where people go after signing out; may be repeated.',
      isRepeatable: true,
    },
    uri: { value: 'URI', about: 'The page of the app itself.' },
    'back-channel-logout-uri': {
      value: 'URI',
      about: 'Where the app takes logout tokens: it is told when a session ends.',
    },
    'front-channel-logout-uri': {
      value: 'URI',
      about: 'What the signed-out page loads, for an app that cannot be called.',
    },
    'refresh-idle': { value: 'TIME', about: 'Its refresh tokens die when unused for so long, like 12h or 14d.' },
    'refresh-absolute': { value: 'TIME', about: 'Its refreshing ends so long after signing in.' },
    api: { value: 'AUDIENCE[=SCOPE,…]', about: 'An API it may ask tokens for; may be repeated.', isRepeatable: true },
    scope: {
      value: 'SCOPES',
      about: 'What it may ask people for: "openid profile email offline_access" when left out.',
    },
    metadata: {
      value: 'FILE',
      about: 'JSON with further metadata in the names of OpenID Connect Registration: jwks, subject_type, logo_uri…',
    },
    conformance: {
      about: 'A client of the conformance suite: no PKCE is asked of it where CONFORMANCE_PROFILE is on.',
    },
    'first-party': { about: 'An app of the house: people are not asked what it may see.' },
    json: { about: 'For programs.' },
  },
  async run({ options, io }) {
    const kind = parseKind(one(options['kind'])!);
    const [uri, scope, file] = [one(options['uri']), one(options['scope']), one(options['metadata'])];
    const metadata = file === undefined ? {} : readJsonFile(file);
    await withBase(io, async ({ db, keyring, config, outgoing }) => {
      const context = {
        db,
        keyring,
        validate: createClientValidator({ db, keyring, outgoing, ...config }),
        issuer: config.issuer,
        by: 'command-line' as const,
      };
      const { client, secret } = await register(context, {
        kind,
        name: one(options['name'])!,
        id: one(options['id']),
        isFirstParty: options['first-party'] === true,
        redirectUris: many(options['redirect-uri']),
        postLogoutRedirectUris: many(options['post-logout-redirect-uri']),
        apis: many(options['api']).map(parseApi),
        backChannelLogoutUri: one(options['back-channel-logout-uri']),
        frontChannelLogoutUri: one(options['front-channel-logout-uri']),
        refreshIdleSeconds: duration(options['refresh-idle'], 'refresh-idle'),
        refreshAbsoluteSeconds: duration(options['refresh-absolute'], 'refresh-absolute'),
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
