/** Snippets: configuration of well-known programs as a client, with the values of one client filled in. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fillIn } from '../platform/template.ts';
import { needsSecret, type Client, type ClientKind } from './client.ts';

interface Program {
  /** Name of the program, as its makers write it. */
  title: string;
  /** Language of the snippet, as a Markdown code block names it. */
  language: string;
  /** The kinds of client that the program can be, the usual kind first. */
  kinds: readonly ClientKind[];
  /** Matches the redirect URIs of a program that fixes their path. */
  callback?: RegExp;
  /** The redirect URI in the guide (docs/apps.md). */
  redirectUri: string;
  postLogoutRedirectUri?: string;
}

const site = 'https://wiki.example.com';

/** Name of `--for` → program, in the order of the guide. */
export const programs = {
  apache: {
    title: 'Apache with mod_auth_openidc',
    language: 'apache',
    kinds: ['web'],
    redirectUri: `${site}/redirect_uri`,
    postLogoutRedirectUri: `${site}/signed-out`,
  },
  'oauth2-proxy': {
    title: 'oauth2-proxy',
    language: 'sh',
    kinds: ['web'],
    callback: /\/oauth2\/callback$/,
    redirectUri: `${site}/oauth2/callback`,
  },
  authlib: { title: 'Authlib', language: 'python', kinds: ['web'], redirectUri: `${site}/callback` },
  django: {
    title: 'Django with mozilla-django-oidc',
    language: 'python',
    kinds: ['web'],
    callback: /\/callback\/$/,
    redirectUri: `${site}/oidc/callback/`,
  },
  allauth: {
    title: 'django-allauth',
    language: 'python',
    kinds: ['web'],
    callback: /\/oidc\/frontdesk\/login\/callback\/$/,
    redirectUri: `${site}/accounts/oidc/frontdesk/login/callback/`,
  },
  authjs: {
    title: 'Auth.js (NextAuth)',
    language: 'ts',
    kinds: ['web'],
    callback: /\/callback\/frontdesk$/,
    redirectUri: `${site}/api/auth/callback/frontdesk`,
  },
  'express-openid-connect': {
    title: 'express-openid-connect',
    language: 'js',
    kinds: ['web'],
    callback: /\/callback$/,
    redirectUri: `${site}/callback`,
    postLogoutRedirectUri: site,
  },
  spring: {
    title: 'Spring Security',
    language: 'yaml',
    kinds: ['web'],
    callback: /\/login\/oauth2\/code\/frontdesk$/,
    redirectUri: `${site}/login/oauth2/code/frontdesk`,
    postLogoutRedirectUri: site,
  },
  go: { title: 'Go with go-oidc', language: 'go', kinds: ['web'], redirectUri: `${site}/auth/callback` },
  dex: {
    title: 'Dex',
    language: 'yaml',
    kinds: ['web'],
    callback: /\/callback$/,
    redirectUri: 'https://dex.example.com/callback',
  },
  kubelogin: {
    title: 'kubelogin (kubectl oidc-login)',
    language: 'yaml',
    kinds: ['native', 'web'],
    callback: /^http:\/\/localhost(:\d+)?\/?$/,
    redirectUri: 'http://localhost:8000',
  },
  'openid-client': {
    title: 'openid-client',
    language: 'js',
    kinds: ['web'],
    redirectUri: `${site}/callback`,
    postLogoutRedirectUri: `${site}/`,
  },
  'oidc-client-ts': {
    title: 'oidc-client-ts',
    language: 'ts',
    kinds: ['single-page', 'native'],
    redirectUri: `${site}/callback`,
    postLogoutRedirectUri: `${site}/`,
  },
  curl: {
    title: 'curl',
    language: 'sh',
    kinds: ['web', 'single-page', 'native', 'machine'],
    redirectUri: `${site}/callback`,
  },
} as const satisfies Record<string, Program>;

export type SnippetName = keyof typeof programs;
export const snippetNames = Object.keys(programs) as SnippetName[];

export const programOf = (name: SnippetName): Program => programs[name];

const folder = join(import.meta.dirname, '../../views/snippets');

type SnippetClient = Pick<Client, 'id' | 'kind' | 'metadata' | 'apis'>;

/** The first redirect URI of a client that matches the program's `callback`, else the first of all. */
function redirectUriFor({ callback }: Program, { metadata }: SnippetClient): string | undefined {
  const uris = metadata.redirect_uris ?? [];
  return uris.find((uri) => callback?.test(uri) ?? true) ?? uris[0];
}

/** A value for conditional lines of a template, which are left out when it is undefined. */
const yesIf = (condition: boolean): string | undefined => (condition ? 'yes' : undefined);

/** Values of the placeholders in templates; undefined for those that the client does not have. */
function valuesOf(issuer: string, client: SnippetClient, redirectUri = '', secret?: string) {
  const query = {
    client_id: client.id,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid profile email',
  };
  const challenge = 'code_challenge_method=S256&code_challenge=';
  return {
    issuer,
    discovery: `${issuer}/.well-known/openid-configuration`,
    authorization_endpoint: `${issuer}/oauth/authorize`,
    authorization_url: `${issuer}/oauth/authorize?${new URLSearchParams(query).toString()}&${challenge}`,
    token_endpoint: `${issuer}/oauth/token`,
    userinfo_endpoint: `${issuer}/oauth/userinfo`,
    jwks_uri: `${issuer}/oauth/jwks`,
    client_id: client.id,
    public_client_id: secret === undefined ? client.id : undefined,
    client_secret: secret,
    credentials: `${client.id}:${secret ?? ''}`,
    redirect_uri: redirectUri,
    post_logout_redirect_uri: client.metadata.post_logout_redirect_uris?.[0],
    site: URL.parse(redirectUri)?.origin ?? '',
    audience: client.apis[0]?.audience,
    http_issuer: yesIf(issuer.startsWith('http:')),
    https_issuer: yesIf(issuer.startsWith('https:')),
    http_site: yesIf(redirectUri.startsWith('http:')),
  };
}

/** Placeholder for a client secret in a snippet: of a stored secret only the digest is known. */
export const secretPlaceholder = 'YOUR-CLIENT-SECRET';

/** @param secret a secret of the client; by default a placeholder, if the client needs a secret */
export function renderSnippet(name: SnippetName, issuer: string, client: SnippetClient, secret?: string): string {
  const program = programOf(name);
  const hasSecret = needsSecret(client.metadata) || program.kinds.every((kind) => kind === 'web');
  const shownSecret = hasSecret ? (secret ?? secretPlaceholder) : undefined;
  const file = name === 'curl' && client.kind === 'machine' ? 'curl-machine.txt' : `${name}.txt`;
  const values = valuesOf(issuer, client, redirectUriFor(program, client), shownSecret);
  return fillIn(readFileSync(join(folder, file), 'utf8'), values).trimEnd();
}

export type SnippetProblem = 'kind' | 'callback';

/** Why a client does not fit a program: the program cannot be of its kind, or no redirect URI matches `callback`. */
export function snippetProblems(name: SnippetName, { kind, metadata }: SnippetClient): SnippetProblem[] {
  const { kinds, callback } = programOf(name);
  if (!kinds.includes(kind)) return ['kind'];
  const fits = !callback || (metadata.redirect_uris ?? []).some((uri) => callback.test(uri));
  return fits ? [] : ['callback'];
}
