/** Sends concurrent requests that use the same code, refresh token or client assertion, to one process and to two. */
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import { decodeJwt } from 'jose';
import { app, ann, audience, notesApi, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { callAs, exchange, authorize, codeFor, newBrowser, randomText, refresh, userinfo } from '../support/flow.ts';
import type { Tokens } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import type { HttpResponse } from '../support/browser.ts';

let firstServer: Frontdesk;
let secondServer: Frontdesk;
let appA: RegisteredApp;

beforeAll(async () => {
  firstServer = await startFrontdesk();
  secondServer = await startFrontdesk({ sameDeploymentAs: firstServer });
  await ann(firstServer);
  await notesApi(firstServer);
  appA = await siteA(firstServer);
});

const times = 100;
/** Sends `times` requests at once, alternating between the processes. */
const race = (ports: number[], send: (port: number) => Promise<HttpResponse>): Promise<HttpResponse[]> =>
  Promise.all(Array.from({ length: times }, (_, index) => send(ports[index % ports.length]!)));

/** How many responses have each status. */
const countByStatus = (responses: HttpResponse[]): Record<number, number> => {
  const counts: Record<number, number> = {};
  for (const { status } of responses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

describe.each([
  ['one process', () => [firstServer.port]],
  ['two processes', () => [firstServer.port, secondServer.port]],
])('%s', (_name, ports) => {
  test('B02 one of 100 exchanges of a code gets tokens, which the other 99 exchanges revoke', async () => {
    const request = authorize(firstServer, appA);
    const code = await codeFor(newBrowser(firstServer), request);
    const responses = await race(ports(), (port) =>
      exchange(firstServer, appA, { code, verifier: request.verifier }, port),
    );
    expect(countByStatus(responses)).toEqual({ 200: 1, 400: 99 });
    const refused = responses.filter(({ status }) => status === 400);
    expect(new Set(refused.map((response) => response.json()['error']))).toEqual(new Set(['invalid_grant']));

    const tokens = responses.find(({ status }) => status === 200)!.json<Tokens>();
    expect((await refresh(firstServer, appA, tokens.refresh_token!)).json()).toMatchObject({ error: 'invalid_grant' });
    expect((await userinfo(firstServer, tokens.access_token)).status).toBe(401);
  });

  test('B06 one refresh token that is used 100 times has one successor, which works', async () => {
    const request = authorize(firstServer, appA);
    const code = await codeFor(newBrowser(firstServer), request);
    const first = (await exchange(firstServer, appA, { code, verifier: request.verifier })).json<Tokens>();
    const responses = await race(ports(), (port) => refresh(firstServer, appA, first.refresh_token!, port));
    expect(countByStatus(responses)).toEqual({ 200: times });
    const [successor, ...others] = new Set(responses.map((response) => response.json<Tokens>().refresh_token));
    expect(others).toEqual([]);
    expect((await refresh(firstServer, appA, successor!)).status).toBe(200);
  });

  test('C04 one client assertion that is used 100 times gets one token', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256', kid: 'one' }] };
    const id = `machine-${randomText().slice(0, 8)}`;
    const metadata = { token_endpoint_auth_method: 'private_key_jwt', jwks };
    const machine = await app(firstServer, { id, kind: 'machine', metadata, apis: [{ audience }] });
    const assertion = await new SignJWT({ jti: randomText() })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuer(machine.id)
      .setSubject(machine.id)
      .setAudience(firstServer.issuer)
      .setExpirationTime('2m')
      .sign(privateKey);
    const form = {
      grant_type: 'client_credentials',
      client_assertion: assertion,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    };
    const responses = await race(ports(), (port) => callAs(firstServer, machine, '/oauth/token', form, port));
    expect(countByStatus(responses)).toEqual({ 200: 1, 401: 99 });
  });
});

test('B02 when a code is exchanged twice at once, the second exchange revokes the tokens of the first', async () => {
  for (let round = 0; round < 10; round += 1) {
    const request = authorize(firstServer, appA);
    const code = await codeFor(newBrowser(firstServer), request);
    const responses = await Promise.all(
      [1, 2].map(() => exchange(firstServer, appA, { code, verifier: request.verifier })),
    );
    expect(countByStatus(responses)).toEqual({ 200: 1, 400: 1 });
    const tokens = responses.find(({ status }) => status === 200)!.json<Tokens>();
    expect((await userinfo(firstServer, tokens.access_token)).status).toBe(401);
  }
});

test('C04 a client assertion cannot be used again after its request was rolled back', async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256', kid: 'one' }] };
  const metadata = { token_endpoint_auth_method: 'private_key_jwt', jwks };
  const appWithKey = {
    ...(await app(firstServer, { id: 'with-key', isFirstParty: true, metadata })),
    secret: undefined,
  };
  const newAssertion = () =>
    new SignJWT({ jti: randomText() })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuer('with-key')
      .setSubject('with-key')
      .setAudience(firstServer.issuer)
      .setExpirationTime('2m')
      .sign(privateKey);
  const requestTokens = async (form: Record<string, string>, assertion: string) =>
    callAs(firstServer, appWithKey, '/oauth/token', {
      ...form,
      client_assertion: assertion,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    });
  const request = authorize(firstServer, appWithKey);
  const code = await codeFor(newBrowser(firstServer), request);
  const form = {
    grant_type: 'authorization_code',
    code,
    code_verifier: request.verifier,
    redirect_uri: appWithKey.redirectUri,
  };
  const { refresh_token: token } = (await requestTokens(form, await newAssertion())).json<Tokens>();
  const used = await newAssertion();
  const refreshForm = { grant_type: 'refresh_token', refresh_token: token! };
  expect((await requestTokens({ ...refreshForm, resource: 'https://nowhere.example/' }, used)).json()).toMatchObject({
    error: 'invalid_target',
  });
  expect((await requestTokens(refreshForm, used)).json()).toMatchObject({ error: 'invalid_client' });
  expect((await requestTokens(refreshForm, await newAssertion())).status).toBe(200);
});

test('two tabs that refresh with one token at once both get a refresh token that works', async () => {
  const request = authorize(firstServer, appA);
  const code = await codeFor(newBrowser(firstServer), request);
  const first = (await exchange(firstServer, appA, { code, verifier: request.verifier })).json<Tokens>();
  const responses = await Promise.all([1, 2].map(() => refresh(firstServer, appA, first.refresh_token!)));
  expect(countByStatus(responses)).toEqual({ 200: 2 });
  for (const response of responses) {
    const next = await refresh(firstServer, appA, response.json<Tokens>().refresh_token!);
    expect(next.status).toBe(200);
    expect(decodeJwt(next.json<Tokens>().id_token!).sub).toBeTruthy();
  }
});

test('a refresh that is refused because of its resource does not consume the refresh token', async () => {
  const request = authorize(firstServer, appA);
  const code = await codeFor(newBrowser(firstServer), request);
  const { refresh_token: token } = (
    await exchange(firstServer, appA, { code, verifier: request.verifier })
  ).json<Tokens>();
  const form = { grant_type: 'refresh_token', refresh_token: token!, resource: 'https://nowhere.example/' };
  const refused = await callAs(firstServer, appA, '/oauth/token', form);
  expect({ status: refused.status, error: refused.json()['error'] }).toEqual({ status: 400, error: 'invalid_target' });
  for (let use = 0; use < 3; use += 1) expect((await refresh(firstServer, appA, token!)).status).toBe(200);
});
