/** What is measured: operations as clients and browsers do them, against any provider. */
import { audience } from '../../support/people-and-apps.ts';
import type { Tokens } from '../../support/flow.ts';
import { authorizeIn, type Cookies } from './browser.ts';
import { frontdeskDialect } from './dialect.ts';
import type { HttpClient, Reply } from './http-client.ts';
import type { Target } from './target.ts';

/** Does the operation once. @throws Error when the response is not the one that was meant */
export type Step = () => Promise<void>;

export interface Operation {
  name: string;
  /** Whether the target can do it. */
  isFor?(target: Target): boolean;
  /** @returns the step of one connection; each connection has tokens and a browser of its own */
  prepare(target: Target, client: HttpClient): Promise<Step>;
}

const basic = (id: string, secret: string | undefined) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});

function required(reply: Reply, status: number): Reply {
  if (reply.status !== status) throw new Error(`${reply.status} instead of ${status}: ${reply.body.slice(0, 200)}`);
  return reply;
}

const tokensIn = (reply: Reply): Tokens => JSON.parse(required(reply, 200).body) as Tokens;

const pathsOf = ({ dialect = frontdeskDialect }: Target) => dialect.paths;

/** Authorization and exchange in a browser. */
export async function signIn(target: Target, client: HttpClient, cookies: Cookies, parameters = {}): Promise<Tokens> {
  const { id, secret, redirectUri } = target.app;
  const { code, verifier } = await authorizeIn(cookies, target, client, parameters);
  const form = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri };
  return tokensIn(await client.post(pathsOf(target).token, form, basic(id, secret)));
}

/** Cookies of a browser that is signed in. */
export async function sessionOf(target: Target, client: HttpClient): Promise<Cookies> {
  const cookies: Cookies = new Map();
  await signIn(target, client, cookies);
  return cookies;
}

export const operations: Operation[] = [
  {
    name: 'client credentials',
    prepare: async (target, client) => async () => {
      const { id, secret } = target.machine;
      const form = { grant_type: 'client_credentials', resource: audience, scope: 'notes:read' };
      tokensIn(await client.post(pathsOf(target).token, form, basic(id, secret)));
    },
  },
  {
    name: 'refresh',
    async prepare(target, client) {
      const { id, secret } = target.app;
      const { refreshScope: scope } = target.dialect ?? frontdeskDialect;
      let { refresh_token: token } = await signIn(target, client, await sessionOf(target, client), { scope });
      return async () => {
        const form = { grant_type: 'refresh_token', refresh_token: token! };
        token = tokensIn(await client.post(pathsOf(target).token, form, basic(id, secret))).refresh_token;
      };
    },
  },
  {
    name: 'silent sign-in',
    async prepare(target, client) {
      const session = await sessionOf(target, client);
      return async () => void (await signIn(target, client, new Map(session)));
    },
  },
  {
    name: 'sign-in with password',
    isFor: ({ hasPasswords }) => hasPasswords,
    prepare: async (target, client) => async () => void (await signIn(target, client, new Map())),
  },
  {
    name: 'userinfo',
    async prepare(target, client) {
      const { access_token: token } = await signIn(target, client, await sessionOf(target, client));
      const headers = { authorization: `Bearer ${token}` };
      return async () => void required(await client.get(pathsOf(target).userinfo, headers), 200);
    },
  },
  {
    name: 'introspection',
    async prepare(target, client) {
      const { id, secret } = target.app;
      const { access_token: token } = await signIn(target, client, await sessionOf(target, client));
      return async () => {
        const reply = required(await client.post(pathsOf(target).introspection, { token }, basic(id, secret)), 200);
        if (!(JSON.parse(reply.body) as { active: boolean }).active) throw new Error('the token is not active');
      };
    },
  },
  {
    name: 'keys',
    prepare: async (target, client) => async () => void required(await client.get(pathsOf(target).keys), 200),
  },
];
