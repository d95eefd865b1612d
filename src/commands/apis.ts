/** `frontdesk apis register`: registers an API that tokens are issued for. */
import { registerApi as register, removeApi as remove } from '../apis/register-api.ts';
import { defaultAccessTokenLifetimeSeconds, jwtTypes, type JwtType } from '../apis/api.ts';
import { many, one, UsageError, type Command, table } from './command.ts';
import { withBase } from './with-base.ts';
import { listApis as list } from '../apis/api-repository.ts';

/** `name=words for the consent page`. */
function parseScope(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1)
    throw new UsageError(`--scope must be like notes:read="Read your notes", not "${text}"`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function parseJwtType(text: string | undefined): JwtType {
  const type = jwtTypes.find((known) => known === (text ?? 'at+jwt'));
  if (!type) throw new UsageError(`--token-type must be one of: ${jwtTypes.join(', ')}`);
  return type;
}

export const registerApi: Command = {
  name: 'apis register',
  about: 'Register an API, so that apps can get access tokens for it (RFC 8707, RFC 9068).',
  words: ['AUDIENCE'],
  options: {
    name: { value: 'NAME', about: 'What people see on the consent page.', isRequired: true },
    scope: {
      value: 'SCOPE=WORDS',
      about: 'A scope and what it lets an app do, in words; may be repeated.',
      isRepeatable: true,
    },
    opaque: { about: 'Its tokens are opaque: it asks about each one, and a revocation works at once.' },
    'token-type': {
      value: 'TYPE',
      about:
        'The typ header of its JWTs: at+jwt (RFC 9068) when left out, or JWT for libraries that refuse that (Spring).',
    },
    client: { value: 'ID', about: 'The client as which it asks about opaque tokens (introspection).' },
    lifetime: {
      value: 'SECONDS',
      about: `How long its access tokens live: 60 to 900, ${defaultAccessTokenLifetimeSeconds} by default.`,
    },
  },
  async run({ words: [audience = ''], options, io }) {
    const api = {
      audience,
      name: one(options['name'])!,
      scopes: Object.fromEntries(many(options['scope']).map(parseScope)),
      accessTokenLifetimeSeconds: Number(one(options['lifetime']) ?? defaultAccessTokenLifetimeSeconds),
      tokenFormat: options['opaque'] === true ? ('opaque' as const) : ('jwt' as const),
      jwtType: parseJwtType(one(options['token-type'])),
      clientId: one(options['client']),
    };
    await withBase(io, ({ db }) => register(db, api, 'command-line'));
    io.out(`API ${audience} is registered.`);
  },
};

export const listApis: Command = {
  name: 'apis list',
  about: 'List the registered APIs.',
  options: { json: { about: 'For programs.' } },
  async run({ options, io }) {
    const apis = await withBase(io, ({ db }) => list(db));
    if (options['json']) return io.out(JSON.stringify(apis));
    if (apis.length === 0) return io.out('No API is registered yet.');
    const rows = apis.map(({ audience, name, scopes, accessTokenLifetimeSeconds }) => {
      return [audience, name, Object.keys(scopes).join(' '), `${accessTokenLifetimeSeconds} s`];
    });
    io.out(table(['audience', 'name', 'scopes', 'tokens live'], rows));
  },
};

export const removeApi: Command = {
  name: 'apis remove',
  about: 'Remove an API. Access tokens that are out live until they expire.',
  words: ['AUDIENCE'],
  async run({ words: [audience = ''], io }) {
    await withBase(io, ({ db }) => remove(db, audience, 'command-line'));
    io.out(`API ${audience} is removed.`);
  },
};
