/** Requirements of README.md beside this file: B18, B22. Tests that an id is accepted as one kind only and not after its expiry. */
import { ann, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { runSql } from '../support/database.ts';
import {
  authorize,
  callAs,
  codeFor,
  exchange,
  newBrowser,
  refresh,
  signIn,
  tokensFor,
  userinfo,
} from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { sendRequest, type Browser } from '../support/browser.ts';

let frontdesk: Frontdesk;
let appA: RegisteredApp;
let signedInBrowser: Browser;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await ann(frontdesk);
  appA = await siteA(frontdesk);
  signedInBrowser = newBrowser(frontdesk);
  await codeFor(signedInBrowser, authorize(frontdesk, appA));
});

test('B18 an id of one kind is not accepted as another kind', async () => {
  const request = authorize(frontdesk, appA);
  const code = await codeFor(signedInBrowser, request);
  const pendingResponse = await newBrowser(frontdesk).send(authorize(frontdesk, appA).url);
  const interaction = /\/interaction\/([^?]+)/.exec(pendingResponse.location!)![1]!;
  const session = await signedInBrowser.cookie(frontdesk.issuer, 'fd_session');
  const { access_token: access, refresh_token: renewal } = await tokensFor(frontdesk, signedInBrowser, appA);
  const [{ uid } = { uid: '' }] = await runSql<{ uid: string }>(frontdesk.db, 'select uid from sessions');
  const ids = { code, interaction, session: session!, access, renewal: renewal!, uid };
  for (const [kind, id] of Object.entries(ids)) {
    if (kind !== 'code') {
      expect([kind, (await exchange(frontdesk, appA, { code: id, verifier: request.verifier })).status]).toEqual([
        kind,
        400,
      ]);
    }
    if (kind !== 'renewal') expect([kind, (await refresh(frontdesk, appA, id)).status]).toEqual([kind, 400]);
    if (kind !== 'access') expect([kind, (await userinfo(frontdesk, id)).status]).toEqual([kind, 401]);
    if (kind !== 'session') {
      const response = await sendRequest(request.url, { headers: { cookie: `fd_session=${id}` } });
      expect([kind, response.location?.includes('/interaction/')]).toEqual([kind, true]);
    }
    if (kind === 'access' || kind === 'renewal') continue;
    expect((await callAs(frontdesk, appA, '/oauth/introspect', { token: id })).json()).toEqual({ active: false });
  }
  // The code and the access token are still valid as their own kind.
  expect((await exchange(frontdesk, appA, { code, verifier: request.verifier })).status).toBe(200);
  expect((await userinfo(frontdesk, access)).status).toBe(200);
});

describe('B22 Frontdesk refuses an expired artifact whose row still exists', () => {
  const expire = (kind: string) =>
    runSql(
      frontdesk.db,
      `update artifacts set payload = payload || '{"exp": 1000}', expires_at = now() where kind = '${kind}'`,
    );

  test('codes, refresh tokens, access tokens', async () => {
    const request = authorize(frontdesk, appA);
    const code = await codeFor(signedInBrowser, request);
    const tokens = await tokensFor(frontdesk, signedInBrowser, appA);
    await Promise.all(['AuthorizationCode', 'RefreshToken', 'AccessToken'].map(expire));
    expect((await exchange(frontdesk, appA, { code, verifier: request.verifier })).status).toBe(400);
    expect((await refresh(frontdesk, appA, tokens.refresh_token!)).status).toBe(400);
    expect((await userinfo(frontdesk, tokens.access_token)).status).toBe(401);
  });

  test('interactions', async () => {
    const browser = newBrowser(frontdesk);
    const form = await browser.visit(authorize(frontdesk, appA).url);
    await expire('Interaction');
    expect((await signIn(form, 'ann')).text).toContain('This page has expired');
  });

  test('grants', async () => {
    const tokens = await tokensFor(frontdesk, signedInBrowser, appA);
    await runSql(frontdesk.db, "update grants set expires_at = now() - interval '1 second'");
    expect((await refresh(frontdesk, appA, tokens.refresh_token!)).status).toBe(400);
    expect((await userinfo(frontdesk, tokens.access_token)).status).toBe(401);
  });

  test('sessions, to the second', async () => {
    const browser = newBrowser(frontdesk);
    const tokens = await tokensFor(frontdesk, browser, appA);
    await runSql(frontdesk.db, "update sessions set expires_at = now() - interval '1 second'");
    const page = await browser.visit(authorize(frontdesk, appA).url);
    expect(page.root.querySelector('input[name=login]')).not.toBeNull();
    expect((await refresh(frontdesk, appA, tokens.refresh_token!)).status).toBe(400);
  });
});
