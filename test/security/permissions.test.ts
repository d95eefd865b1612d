/** Requirements of README.md beside this file: B14, B16. Tests that apps get only registered scopes and APIs, and that the parameters of a sign-in are obeyed. */
import { decodeJwt } from 'jose';
import { registerApi } from '../../src/apis/register-api.ts';
import { app, ann, audience, notesApi, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { runSql } from '../support/database.ts';
import {
  responseParameters,
  authorize,
  callAs,
  codeFor,
  exchange,
  newBrowser,
  signIn,
  tokensFor,
  type Tokens,
} from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import type { Browser } from '../support/browser.ts';

let frontdesk: Frontdesk;
let appA: RegisteredApp;
let signedInBrowser: Browser;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await notesApi(frontdesk);
  await ann(frontdesk);
  appA = await siteA(frontdesk, { apis: [{ audience, scopes: ['notes:read'] }] });
  signedInBrowser = newBrowser(frontdesk);
  await codeFor(signedInBrowser, authorize(frontdesk, appA));
});

describe('B14 a client gets no more than it is registered for', () => {
  test('an unregistered OpenID Connect scope is left out, and the token response names the granted scopes', async () => {
    const { scope } = await tokensFor(frontdesk, signedInBrowser, appA, { scope: 'openid phone email' });
    expect(scope).toBe('openid email');
  });
  test('an unregistered scope of an API is refused', async () => {
    const parameters = { scope: 'openid notes:write', resource: audience };
    expect(responseParameters(await signedInBrowser.send(authorize(frontdesk, appA, parameters).url))).toMatchObject({
      error: 'invalid_scope',
    });
  });
  test('an unregistered or unknown API is refused', async () => {
    for (const resource of ['https://other.example/', 'nonsense', `${audience}#x`]) {
      const response = await signedInBrowser.send(authorize(frontdesk, appA, { resource }).url);
      expect(responseParameters(response)).toMatchObject({ error: 'invalid_target' });
    }
  });
  test('a refresh cannot add a scope', async () => {
    const tokens = await tokensFor(frontdesk, signedInBrowser, appA, { scope: 'openid email' });
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token!, scope: 'openid email profile' };
    expect((await callAs(frontdesk, appA, '/oauth/token', form)).json()).toMatchObject({ error: 'invalid_scope' });
    const narrowerForm = { ...form, scope: 'openid' };
    expect((await callAs(frontdesk, appA, '/oauth/token', narrowerForm)).json()).toMatchObject({ scope: 'openid' });
  });
  test('client credentials give only registered scopes and APIs', async () => {
    const machine = await app(frontdesk, {
      id: 'machine',
      kind: 'machine',
      apis: [{ audience, scopes: ['notes:read'] }],
    });
    const requestToken = (form: object) =>
      callAs(frontdesk, machine, '/oauth/token', { grant_type: 'client_credentials', resource: audience, ...form });
    expect((await requestToken({ scope: 'notes:write' })).json()).toMatchObject({ error: 'invalid_scope' });
    const tokens = (await requestToken({ scope: 'notes:read' })).json<Tokens>();
    expect(decodeJwt(tokens.access_token)).toMatchObject({ sub: 'machine', scope: 'notes:read', aud: audience });
    expect((await requestToken({ resource: 'https://other.example/' })).json()).toMatchObject({
      error: 'invalid_target',
    });
  });

  const opaqueAudience = 'https://opaque.example/api';
  const credentials = { grant_type: 'client_credentials' };

  test('client credentials must name the API unless the client has exactly one', async () => {
    const api = { name: 'Opaque', scopes: {}, accessTokenLifetimeSeconds: 300, clientId: undefined };
    await registerApi(
      frontdesk.db,
      { audience: opaqueAudience, tokenFormat: 'opaque', jwtType: 'at+jwt', ...api },
      'command-line',
    );
    const machineWithoutApi = await app(frontdesk, { id: 'of-no-api', kind: 'machine' });
    const machineWithOneApi = await app(frontdesk, { id: 'of-one-api', kind: 'machine', apis: [{ audience }] });
    const machineWithTwoApis = await app(frontdesk, {
      id: 'of-two',
      kind: 'machine',
      apis: [{ audience }, { audience: opaqueAudience }],
    });
    for (const machine of [machineWithoutApi, machineWithTwoApis]) {
      const response = await callAs(frontdesk, machine, '/oauth/token', credentials);
      expect([response.status, response.json()['error']]).toEqual([400, 'invalid_target']);
      expect(response.json()['error_description']).toContain('name the API');
    }
    expect((await callAs(frontdesk, machineWithOneApi, '/oauth/token', credentials)).status).toBe(200);
    expect(
      (await callAs(frontdesk, machineWithTwoApis, '/oauth/token', { ...credentials, resource: audience })).status,
    ).toBe(200);
  });

  test('a request with more than ten resources is refused', async () => {
    const webApp = await app(frontdesk, {
      id: 'of-many',
      kind: 'web',
      isFirstParty: true,
      apis: [{ audience }],
    });
    const request = new URL(authorize(frontdesk, webApp).url);
    for (let count = 0; count < 11; count += 1) request.searchParams.append('resource', audience);
    const browser = newBrowser(frontdesk);
    expect(responseParameters(await browser.visit(request.href))['error']).toBe('invalid_target');
    request.searchParams.delete('resource');
    for (let count = 0; count < 10; count += 1) request.searchParams.append('resource', audience);
    expect((await browser.visit(request.href)).status).toBe(200);
  });
});

describe('B16', () => {
  test('prompt=none without a session gets login_required', async () => {
    const response = await newBrowser(frontdesk).send(authorize(frontdesk, appA, { prompt: 'none' }).url);
    expect(responseParameters(response)).toMatchObject({ error: 'login_required' });
  });

  test('max_age requires a new sign-in, and auth_time is the time of the sign-in', async () => {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, appA));
    await runSql(frontdesk.db, "update sessions set signed_in_at = signed_in_at - interval '1 hour'");
    const request = authorize(frontdesk, appA, { max_age: '60' });
    const oldClaims = decodeJwt((await tokensFor(frontdesk, browser, appA)).id_token!);
    expect(Number(oldClaims['auth_time'])).toBeLessThan(Date.now() / 1000 - 3500);
    const withoutPrompt = await browser.send(authorize(frontdesk, appA, { max_age: '60', prompt: 'none' }).url);
    expect(responseParameters(withoutPrompt)).toMatchObject({ error: 'login_required' });
    const form = await browser.visit(request.url);
    const callback = await signIn(form, 'ann');
    const newTokens = await exchange(frontdesk, appA, {
      code: responseParameters(callback)['code']!,
      verifier: request.verifier,
    });
    const claims = decodeJwt(newTokens.json<Tokens>().id_token!);
    expect(Number(claims['auth_time'])).toBeGreaterThan(Date.now() / 1000 - 60);
    expect(claims).toMatchObject({ amr: ['pwd'], acr: 'aal1' });
  });

  test('a cancelled sign-in with prompt=login gives no code', async () => {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, appA));
    const form = await browser.visit(authorize(frontdesk, appA, { prompt: 'login' }).url);
    const callback = await form.submit({}, { button: '[data-action=cancel]' });
    expect(responseParameters(callback)).toMatchObject({ error: 'access_denied' });
    expect(responseParameters(callback)['code']).toBeUndefined();
  });
});
