/** `frontdesk apis register`, `list` and `remove`: the APIs that access tokens are issued for. */
import { listApis as list } from '../apis/api-repository.ts';
import { accessTokenLifetimeBounds, defaultAccessTokenLifetimeSeconds, jwtTypes, type JwtType } from '../apis/api.ts';
import { registerApi as register, removeApi as remove } from '../apis/register-api.ts';
import { stringListOption, stringOption, table, UsageError, type Command } from './command.ts';
import { pageOf, pageOptions, printNext } from './page.ts';
import { withBase } from './with-base.ts';

/** `notes:read=Read your notes` → scope, and the words for it on the consent page. */
function parseScope(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1) {
    throw new UsageError(`--scope must be like notes:read="Read your notes", not "${text}".`);
  }
  return [text.slice(0, at), text.slice(at + 1)];
}

function parseJwtType(text: string | undefined): JwtType {
  const type = jwtTypes.find((each) => each === (text ?? 'at+jwt'));
  if (!type) throw new UsageError(`--token-type must be one of: ${jwtTypes.join(', ')}.`);
  return type;
}

const { min, max } = accessTokenLifetimeBounds;

export const registerApi: Command = {
  name: 'apis register',
  changesDatabase: true,
  about: 'Register an API, so that apps can get access tokens for it (RFC 8707, RFC 9068).',
  operands: ['AUDIENCE'],
  options: {
    name: { value: 'NAME', about: 'The name of the API on the consent page.', isRequired: true },
    scope: {
      value: 'SCOPE=WORDS',
      about: 'A scope, and what it allows in the words of the consent page; may be repeated.',
      isRepeatable: true,
    },
    opaque: {
      about: 'Issue opaque access tokens: the API introspects each one, and a revocation takes effect at once.',
    },
    'token-type': {
      value: 'TYPE',
      about:
        'The typ header of its JWTs: at+jwt (RFC 9068) by default, or JWT for libraries that refuse at+jwt (Spring).',
    },
    client: { value: 'ID', about: 'The client_id that the API introspects tokens with.' },
    lifetime: {
      value: 'SECONDS',
      about: `Lifetime of its access tokens: ${min} to ${max}; ${defaultAccessTokenLifetimeSeconds} by default.`,
    },
  },
  async run({ operands: [audience = ''], options, io }) {
    const api = {
      audience,
      name: stringOption(options['name'])!,
      scopes: Object.fromEntries(stringListOption(options['scope']).map(parseScope)),
      accessTokenLifetimeSeconds: Number(stringOption(options['lifetime']) ?? defaultAccessTokenLifetimeSeconds),
      tokenFormat: options['opaque'] === true ? ('opaque' as const) : ('jwt' as const),
      jwtType: parseJwtType(stringOption(options['token-type'])),
      clientId: stringOption(options['client']),
    };
    await withBase(io, ({ db }) => register(db, api, 'command-line'));
    io.out(`API ${audience} is registered.`);
  },
};

export const listApis: Command = {
  name: 'apis list',
  about: 'List the registered APIs.',
  options: { ...pageOptions('AUDIENCE'), json: { about: 'Print JSON.' } },
  async run({ options, io }) {
    const page = pageOf(options);
    const apis = await withBase(io, ({ db }) => list(db, page.limit, page.after));
    printNext(
      io,
      page,
      apis.map(({ audience }) => audience),
    );
    if (options['json']) return io.out(JSON.stringify(apis));
    if (apis.length === 0) return io.out('No API is registered yet.');
    const rows = apis.map(({ audience, name, scopes, accessTokenLifetimeSeconds }) => {
      return [audience, name, Object.keys(scopes).join(' '), `${accessTokenLifetimeSeconds} s`];
    });
    io.out(table(['audience', 'name', 'scopes', 'token lifetime'], rows));
  },
};

export const removeApi: Command = {
  name: 'apis remove',
  changesDatabase: true,
  about: 'Remove an API. Access tokens that were issued for it stay valid until they expire.',
  operands: ['AUDIENCE'],
  async run({ operands: [audience = ''], io }) {
    await withBase(io, ({ db }) => remove(db, audience, 'command-line'));
    io.out(`API ${audience} is removed.`);
  },
};
