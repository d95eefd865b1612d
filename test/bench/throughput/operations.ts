/** What is measured: operations as clients and browsers do them, against any provider. */
import { audience } from '../../support/people-and-apps.ts';
import { authorize, codeFor, newBrowser, type Tokens } from '../../support/flow.ts';
import type { HttpClient, Reply } from './http-client.ts';
import { signInOnce } from './sign-in.ts';
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

/** Cookies of a browser that is signed in. */
async function sessionOf(target: Target): Promise<string> {
  const browser = newBrowser(target, target.port);
  await codeFor(browser, authorize(target, target.app));
  return browser.jar.getCookieString(target.issuer);
}

/** Authorization and exchange in a browser that is signed in. */
async function silent(target: Target, client: HttpClient, cookie: string, parameters = {}): Promise<Tokens> {
  const { app } = target;
  const { url, verifier } = authorize(target, app, parameters);
  const reply = required(await client.get(url.slice(target.issuer.length), { cookie }), 303);
  const code = new URL(reply.headers.location!).searchParams.get('code')!;
  const form = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: app.redirectUri };
  return tokensIn(await client.post('/oauth/token', form, basic(app.id, app.secret)));
}

export const operations: Operation[] = [
  {
    name: 'client credentials',
    prepare:
      async ({ machine }, client) =>
      async () => {
        const form = { grant_type: 'client_credentials', resource: audience, scope: 'notes:read' };
        tokensIn(await client.post('/oauth/token', form, basic(machine.id, machine.secret)));
      },
  },
  {
    name: 'refresh',
    async prepare(target, client) {
      const { id, secret } = target.app;
      const scope = 'openid profile email offline_access';
      let { refresh_token: token } = await silent(target, client, await sessionOf(target), { scope });
      return async () => {
        const form = { grant_type: 'refresh_token', refresh_token: token! };
        token = tokensIn(await client.post('/oauth/token', form, basic(id, secret))).refresh_token;
      };
    },
  },
  {
    name: 'silent sign-in',
    async prepare(target, client) {
      const cookie = await sessionOf(target);
      return async () => void (await silent(target, client, cookie));
    },
  },
  {
    name: 'sign-in with password',
    isFor: ({ hasPasswords }) => hasPasswords,
    prepare: async (target, client) => async () => {
      const { code, verifier } = await signInOnce(target, client);
      const { id, secret, redirectUri } = target.app;
      const form = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri };
      tokensIn(await client.post('/oauth/token', form, basic(id, secret)));
    },
  },
  {
    name: 'userinfo',
    async prepare(target, client) {
      const { access_token: token } = await silent(target, client, await sessionOf(target));
      return async () => void required(await client.get('/oauth/userinfo', { authorization: `Bearer ${token}` }), 200);
    },
  },
  {
    name: 'introspection',
    async prepare(target, client) {
      const { id, secret } = target.app;
      const { access_token: token } = await silent(target, client, await sessionOf(target));
      return async () => {
        const reply = required(await client.post('/oauth/introspect', { token }, basic(id, secret)), 200);
        if (!(JSON.parse(reply.body) as { active: boolean }).active) throw new Error('the token is not active');
      };
    },
  },
  {
    name: 'keys',
    prepare: async (_target, client) => async () => void required(await client.get('/oauth/jwks'), 200),
  },
];
