/**
 * The bare library: oidc-provider with its storage in memory, the same kinds of keys, tokens and clients, and nobody to
 * check. Started as a process of its own; prints its port when it listens.
 */
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import Provider, { type JWK } from 'oidc-provider';
import { bareClients, bareAudience } from './bare-clients.ts';

const port = Number(process.env['PORT']);
const issuer = `http://idp.localhost:${port}`;

async function makeKey(alg: 'ES256' | 'RS256'): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: alg };
}

const provider = new Provider(issuer, {
  clients: bareClients,
  jwks: { keys: [await makeKey('RS256'), await makeKey('ES256')] },
  cookies: { keys: ['not a secret'] },
  claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
  scopes: ['openid', 'offline_access', 'notes:read'],
  findAccount: (_ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: 'Ann Archer', email: 'ann@example.com', email_verified: true }),
  }),
  routes: {
    authorization: '/oauth/authorize',
    token: '/oauth/token',
    userinfo: '/oauth/userinfo',
    jwks: '/oauth/jwks',
    introspection: '/oauth/introspect',
  },
  ttl: { AccessToken: 300, ClientCredentials: 300, Grant: 86_400, IdToken: 300, RefreshToken: 86_400, Session: 86_400 },
  rotateRefreshToken: true,
  issueRefreshToken: () => true,
  async loadExistingGrant(ctx) {
    const { session, client, account } = ctx.oidc;
    const id = session!.grantIdFor(client!.clientId);
    const found = id === undefined ? undefined : await ctx.oidc.provider.Grant.find(id);
    if (found) return found;
    const grant = new ctx.oidc.provider.Grant({ accountId: account!.accountId, clientId: client!.clientId });
    grant.addOIDCScope('openid profile email offline_access');
    grant.addResourceScope(bareAudience, 'notes:read');
    await grant.save();
    return grant;
  },
  interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
  features: {
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({
        scope: 'notes:read',
        audience: bareAudience,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 300,
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
});
const answer = provider.callback();
createServer((request, response) => {
  if (!request.url?.startsWith('/interaction/')) return void answer(request, response);
  const result = { login: { accountId: 'ann' } };
  return void provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}).listen(port, '127.0.0.1', () => process.stdout.write('ready\n'));
