/** Requirement of README.md beside this file: C06. Tests that Frontdesk and the example sites accept a token of one kind as no other kind. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { sendRequest, createBrowser } from '../support/browser.ts';
import { ann, app, audience, type RegisteredApp } from '../support/people-and-apps.ts';
import {
  responseParameters,
  authorize,
  callAs,
  newBrowser,
  randomText,
  tokensFor,
  userinfo,
  type Tokens,
} from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { freePort, listen } from '../support/listen.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { runExample, startSites, type Sites } from '../support/sites.ts';

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';

describe('at Frontdesk and the APIs', () => {
  let frontdesk: Frontdesk;
  let sites: Sites;
  let receiver: Receiver;
  let notifiedApp: RegisteredApp;
  let apiTokens: Tokens;
  let ownTokens: Tokens;
  let logoutToken: string;

  beforeAll(async () => {
    frontdesk = await startFrontdesk();
    await ann(frontdesk);
    sites = await startSites(frontdesk);
    receiver = await startReceiver(frontdesk.issuer, 'notified-app');
    notifiedApp = await app(frontdesk, {
      id: 'notified-app',
      isFirstParty: true,
      apis: [{ audience }],
      backChannelLogoutUri: receiver.uri,
    });
    const leavingBrowser = newBrowser(frontdesk);
    await tokensFor(frontdesk, leavingBrowser, notifiedApp);
    await (await leavingBrowser.visit(`${frontdesk.issuer}/oauth/logout`)).submit({ logout: 'yes' });
    await receiver.until(1);
    logoutToken = receiver.received[0]!.token;
    ownTokens = await tokensFor(frontdesk, newBrowser(frontdesk), notifiedApp);
    apiTokens = await tokensFor(frontdesk, newBrowser(frontdesk), notifiedApp, {
      scope: 'openid notes:read',
      resource: audience,
    });
  });

  test('each kind of token has its type in the header', () => {
    const kinds = [ownTokens.id_token!, apiTokens.access_token, logoutToken].map(
      (token) => decodeProtectedHeader(token).typ,
    );
    expect(kinds).toEqual([undefined, 'at+jwt', 'logout+jwt']);
    expect(decodeJwt(logoutToken)).toMatchObject({ aud: 'notified-app', events: { [logoutEvent]: {} } });
  });

  test('C06 userinfo accepts only access tokens for userinfo', async () => {
    expect((await userinfo(frontdesk, ownTokens.access_token)).status).toBe(200);
    for (const token of [ownTokens.id_token!, ownTokens.refresh_token!, apiTokens.access_token, logoutToken]) {
      expect((await userinfo(frontdesk, token)).status).toBe(401);
    }
  });

  test('C06 an API accepts only access tokens for that API', async () => {
    const call = (token: string) => sendRequest(sites.apis[0]!, { headers: { authorization: `Bearer ${token}` } });
    expect((await call(apiTokens.access_token)).status).toBe(200);
    for (const token of [apiTokens.id_token!, apiTokens.refresh_token!, ownTokens.access_token, logoutToken]) {
      expect((await call(token)).status).toBe(401);
    }
  });

  test('C06 only an ID token is accepted as id_token_hint', async () => {
    const browser = newBrowser(frontdesk);
    await tokensFor(frontdesk, browser, notifiedApp);
    const useAsHint = async (token: string) => {
      const authorizationResponse = await browser.send(
        authorize(frontdesk, notifiedApp, { id_token_hint: token, prompt: 'none' }).url,
      );
      const logoutResponse = await browser.send(`${frontdesk.issuer}/oauth/logout?id_token_hint=${token}`);
      return [responseParameters(authorizationResponse)['error'], logoutResponse.status];
    };
    expect(await useAsHint(ownTokens.id_token!)).toEqual([undefined, 200]);
    expect(await useAsHint(apiTokens.access_token)).toEqual(['invalid_request', 400]);
    expect(await useAsHint(logoutToken)).toEqual(['invalid_request', 400]);
    expect(await useAsHint(ownTokens.refresh_token!)).toEqual(['invalid_request', 400]);
  });

  test('C06 ID tokens and logout tokens are neither introspected nor refreshed', async () => {
    for (const token of [ownTokens.id_token!, logoutToken]) {
      expect((await callAs(frontdesk, notifiedApp, '/oauth/introspect', { token })).json()).not.toHaveProperty(
        'active',
        true,
      );
      const form = { grant_type: 'refresh_token', refresh_token: token };
      expect((await callAs(frontdesk, notifiedApp, '/oauth/token', form)).json()).toMatchObject({
        error: 'invalid_grant',
      });
    }
  });
});

describe('at site A, when the ID token', () => {
  let issuer: string;
  /** The URL of site A. */
  let site: string;
  let key: CryptoKey;
  let jwk: JWK;
  /** The ID token that the test provider issues. */
  let idToken: string;

  /** Starts a provider that issues the token of the test. */
  beforeAll(async () => {
    const pair = await generateKeyPair('RS256');
    key = pair.privateKey;
    jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k', alg: 'RS256', use: 'sig' };
    const server = createServer((request, response) => {
      const answers: Record<string, object> = {
        '/.well-known/openid-configuration': {
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          userinfo_endpoint: `${issuer}/userinfo`,
          jwks_uri: `${issuer}/jwks`,
          authorization_response_iss_parameter_supported: true,
          id_token_signing_alg_values_supported: ['RS256'],
        },
        '/jwks': { keys: [jwk] },
        '/token': { access_token: 'a', token_type: 'Bearer', expires_in: 300, id_token: idToken },
        '/userinfo': { sub: 'ann', name: 'Ann Archer' },
      };
      request.resume();
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answers[request.url!]));
    });
    issuer = `http://idp.localhost:${await listen(server)}`;
    const port = String(await freePort());
    site = `http://site-a.localhost:${port}`;
    const settings = { ISSUER: issuer, SITE_URL: site, CLIENT_ID: 'site-a', CLIENT_SECRET: 'secret', PORT: port };
    await once(runExample('site-a/server.ts', settings).stdout!, 'data');
  });

  const signed = (claims: object, typ?: string) =>
    new SignJWT({ iss: issuer, aud: 'site-a', sub: 'ann', ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'k', ...(typ && { typ }) })
      .setIssuedAt()
      .setExpirationTime('2m')
      .sign(key);

  /** Signs in at site A, which gets the ID token made for its nonce. @returns the text of the page */
  async function signInWith(makeToken: (nonce: string) => Promise<string>): Promise<string> {
    const browser = createBrowser((url) => url.startsWith(`${issuer}/authorize`));
    const { searchParams } = new URL((await browser.visit(`${site}/sign-in`)).location!);
    idToken = await makeToken(searchParams.get('nonce')!);
    const query = new URLSearchParams({ code: 'c', state: searchParams.get('state')!, iss: issuer });
    return (await browser.visit(`${site}/callback?${query.toString()}`)).text;
  }

  test('is valid, the sign-in succeeds', async () => {
    expect(await signInWith((nonce) => signed({ nonce, auth_time: 1 }))).toContain('Hello, Ann Archer');
  });

  test.each<[string, (nonce: string) => Promise<string>]>([
    ['a logout token', () => signed({ sid: 's', jti: randomText(), events: { [logoutEvent]: {} } }, 'logout+jwt')],
    ['an access token', () => signed({ client_id: 'site-a', scope: 'openid' }, 'at+jwt')],
    ['of another sign-in', () => signed({ nonce: 'other' })],
    ['for another client', (nonce) => signed({ nonce, aud: 'site-b' })],
    ['of another issuer', (nonce) => signed({ nonce, iss: 'https://evil.example' })],
  ])('C06 is %s, the sign-in fails', async (_what, makeToken) => {
    const text = await signInWith(makeToken);
    expect(text).toContain('That did not work');
    expect(text).not.toContain('Hello');
  });
});
