/** The people and apps of all tests. */
import { createAccount } from '../../src/accounts/create-account.ts';
import { registerApi } from '../../src/apis/register-api.ts';
import { registerClient, type ClientRegistration } from '../../src/clients/register-client.ts';
import { createClientValidator } from '../../src/oidc/configuration/client-validator.ts';
import type { Frontdesk } from './frontdesk.ts';

export const audience = 'https://notes.example/api';
export const password = 'correct horse battery staple';

export interface Person {
  id: string;
  email: string;
  username: string;
  name: string;
}

/** Creates an account; most tests use `ann` and `ben`. */
export async function person({ db, app: { hasher } }: Frontdesk, username: string, name: string): Promise<Person> {
  const email = `${username}@example.com`;
  const details = { email, username, name, password, isEmailVerified: true };
  return { id: await createAccount(db, hasher, details, 'command-line'), email, username, name };
}

export const ann = (frontdesk: Frontdesk): Promise<Person> => person(frontdesk, 'ann', 'Ann Archer');
export const ben = (frontdesk: Frontdesk): Promise<Person> => person(frontdesk, 'ben', 'Ben Baker');

export interface RegisteredApp {
  id: string;
  /** undefined for a public client. */
  secret: string | undefined;
  redirectUri: string;
}

/** Registers a client as an operator does: by default a third-party web app with one redirect URI. */
export async function app(
  { db, keyring, log, issuer, outgoing, config: { protocol } }: Frontdesk,
  registration: Partial<ClientRegistration> & { id: string },
): Promise<RegisteredApp> {
  const site = issuer.startsWith('https:')
    ? `https://${registration.id}.example`
    : `http://${registration.id}.localhost:9`;
  const redirectUri = registration.redirectUris?.[0] ?? `${site}/callback`;
  const validate = createClientValidator({ db, keyring, log, issuer, outgoing, protocol });
  const { client, secret } = await registerClient(
    { db, keyring, validate, issuer, by: 'command-line' },
    {
      kind: 'web',
      name: registration.id,
      redirectUris: registration.kind === 'machine' ? [] : [redirectUri],
      postLogoutRedirectUris: registration.kind === 'machine' ? [] : [new URL('/', redirectUri).href],
      ...registration,
    },
  );
  return { id: client.id, secret, redirectUri };
}

type RegistrationChanges = Omit<Partial<ClientRegistration>, 'id'> & { id?: string };

/** A first-party app with a server. */
export const siteA = (frontdesk: Frontdesk, changes: RegistrationChanges = {}): Promise<RegisteredApp> =>
  app(frontdesk, { id: 'site-a', name: 'Site A', isFirstParty: true, ...changes });

/** A third-party single-page app with an API. */
export const siteB = (frontdesk: Frontdesk, changes: RegistrationChanges = {}): Promise<RegisteredApp> =>
  app(frontdesk, { id: 'site-b', name: 'Site B', kind: 'single-page', apis: [{ audience }], ...changes });

/** Registers the API of the tests, whose access tokens are JWTs. */
export const notesApi = ({ db }: Frontdesk): Promise<void> =>
  registerApi(
    db,
    {
      audience,
      name: 'Notes',
      scopes: { 'notes:read': 'Read your notes', 'notes:write': 'Change your notes' },
      accessTokenLifetimeSeconds: 300,
      tokenFormat: 'jwt',
      jwtType: 'at+jwt',
      clientId: undefined,
    },
    'command-line',
  );
