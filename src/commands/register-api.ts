/** `frontdesk apis register`: registers an API that tokens are issued for. */
import { registerApi as register } from '../apis/register-api.ts';
import { defaultAccessTokenLifetimeSeconds } from '../apis/api.ts';
import { many, one, UsageError, type Command } from './command.ts';
import { withBase } from './with-base.ts';

/** `name=words for the consent page`. */
function parseScope(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1)
    throw new UsageError(`--scope must be like notes:read="Read your notes", not "${text}"`);
  return [text.slice(0, at), text.slice(at + 1)];
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
      clientId: one(options['client']),
    };
    await withBase(io, ({ db }) => register(db, api, 'command-line'));
    io.out(`API ${audience} is registered.`);
  },
};
