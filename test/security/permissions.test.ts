/** Requirements of README.md beside this file: B14, B16. What apps may ask for, and what ID tokens say of the sign-in. */
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
let known: Browser;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await notesApi(frontdesk);
  await ann(frontdesk);
  appA = await siteA(frontdesk, { apis: [{ audience, scopes: ['notes:read'] }] });
  known = newBrowser(frontdesk);
  await codeFor(known, authorize(frontdesk, appA));
});

describe('B14 more than the client may have is refused', () => {
  test('a scope that is not registered for it is left out, and the token response says so', async () => {
    const { scope } = await tokensFor(frontdesk, known, appA, { scope: 'openid phone email' });
    expect(scope).toBe('openid email');
  });
  test('a scope of an API that it may not have', async () => {
    const parameters = { scope: 'openid notes:write', resource: audience };
    expect(responseParameters(await known.send(authorize(frontdesk, appA, parameters).url))).toMatchObject({
      error: 'invalid_scope',
    });
  });
  test('an API that it may not use, or that is unknown', async () => {
    for (const resource of ['https://other.example/', 'nonsense', `${audience}#x`]) {
      const answer = await known.send(authorize(frontdesk, appA, { resource }).url);
      expect(responseParameters(answer)).toMatchObject({ error: 'invalid_target' });
    }
  });
  test('on refresh', async () => {
    const tokens = await tokensFor(frontdesk, known, appA, { scope: 'openid email' });
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token!, scope: 'openid email profile' };
    expect((await callAs(frontdesk, appA, '/oauth/token', form)).json()).toMatchObject({ error: 'invalid_scope' });
    const narrow = { ...form, scope: 'openid' };
    expect((await callAs(frontdesk, appA, '/oauth/token', narrow)).json()).toMatchObject({ scope: 'openid' });
  });
  test('for a machine', async () => {
    const machine = await app(frontdesk, {
      id: 'machine',
      kind: 'machine',
      apis: [{ audience, scopes: ['notes:read'] }],
    });
    const ask = (form: object) =>
      callAs(frontdesk, machine, '/oauth/token', { grant_type: 'client_credentials', resource: audience, ...form });
    expect((await ask({ scope: 'notes:write' })).json()).toMatchObject({ error: 'invalid_scope' });
    const pass = (await ask({ scope: 'notes:read' })).json<Tokens>();
    expect(decodeJwt(pass.access_token)).toMatchObject({ sub: 'machine', scope: 'notes:read', aud: audience });
    expect((await ask({ resource: 'https://other.example/' })).json()).toMatchObject({ error: 'invalid_target' });
  });

  const opaque = 'https://opaque.example/api';
  const credentials = { grant_type: 'client_credentials' };

  test('client credentials need an API, named where there are several', async () => {
    const api = { name: 'Opaque', scopes: {}, accessTokenLifetimeSeconds: 300, clientId: undefined };
    await registerApi(
      frontdesk.db,
      { audience: opaque, tokenFormat: 'opaque', jwtType: 'at+jwt', ...api },
      'command-line',
    );
    const none = await app(frontdesk, { id: 'of-no-api', kind: 'machine' });
    const one = await app(frontdesk, { id: 'of-one-api', kind: 'machine', apis: [{ audience }] });
    const two = await app(frontdesk, { id: 'of-two', kind: 'machine', apis: [{ audience }, { audience: opaque }] });
    for (const machine of [none, two]) {
      const answer = await callAs(frontdesk, machine, '/oauth/token', credentials);
      expect([answer.status, answer.json()['error']]).toEqual([400, 'invalid_target']);
      expect(answer.json()['error_description']).toContain('name the API');
    }
    expect((await callAs(frontdesk, one, '/oauth/token', credentials)).status).toBe(200);
    expect((await callAs(frontdesk, two, '/oauth/token', { ...credentials, resource: audience })).status).toBe(200);
  });

  test('no more than ten resources are looked up', async () => {
    const one = await app(frontdesk, { id: 'of-many', kind: 'web', isFirstParty: true, apis: [{ audience }] });
    const request = new URL(authorize(frontdesk, one).url);
    for (let count = 0; count < 11; count += 1) request.searchParams.append('resource', audience);
    const browser = newBrowser(frontdesk);
    expect(responseParameters(await browser.visit(request.href))['error']).toBe('invalid_target');
    request.searchParams.delete('resource');
    for (let count = 0; count < 10; count += 1) request.searchParams.append('resource', audience);
    expect((await browser.visit(request.href)).status).toBe(200);
  });
});

describe('B16', () => {
  test('prompt=none without a session is login_required', async () => {
    const answer = await newBrowser(frontdesk).send(authorize(frontdesk, appA, { prompt: 'none' }).url);
    expect(responseParameters(answer)).toMatchObject({ error: 'login_required' });
  });

  test('max_age is honoured, and auth_time is right', async () => {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, appA));
    await runSql(frontdesk.db, "update sessions set signed_in_at = signed_in_at - interval '1 hour'");
    const request = authorize(frontdesk, appA, { max_age: '60' });
    const old = decodeJwt((await tokensFor(frontdesk, browser, appA)).id_token!);
    expect(Number(old['auth_time'])).toBeLessThan(Date.now() / 1000 - 3500);
    const none = await browser.send(authorize(frontdesk, appA, { max_age: '60', prompt: 'none' }).url);
    expect(responseParameters(none)).toMatchObject({ error: 'login_required' });
    const form = await browser.visit(request.url);
    const back = await signIn(form, 'ann');
    const fresh = await exchange(frontdesk, appA, {
      code: responseParameters(back)['code']!,
      verifier: request.verifier,
    });
    const claims = decodeJwt(fresh.json<Tokens>().id_token!);
    expect(Number(claims['auth_time'])).toBeGreaterThan(Date.now() / 1000 - 60);
    expect(claims).toMatchObject({ amr: ['pwd'], acr: 'aal1' });
  });

  test('cancelling prompt=login gives no code', async () => {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, appA));
    const form = await browser.visit(authorize(frontdesk, appA, { prompt: 'login' }).url);
    const back = await form.submit({}, { button: '[data-action=cancel]' });
    expect(responseParameters(back)).toMatchObject({ error: 'access_denied' });
    expect(responseParameters(back)['code']).toBeUndefined();
  });
});
