/** Tests that the end of a session notifies its apps and revokes its tokens, whatever ended it. */
import { reinstateAccount, suspendAccount } from '../../src/accounts/suspend-account.ts';
import { removeAccount } from '../../src/accounts/remove-account.ts';
import { setPassword } from '../../src/accounts/set-password.ts';
import { endExpiredSessions, endAccountSessions } from '../../src/sessions/end-session.ts';
import { runSql } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { authorize, callAs, codeFor, exchange, newBrowser, refresh, userinfo } from '../support/flow.ts';
import type { Frontdesk } from '../support/frontdesk.ts';
import { sidOf, startTwoApps, type SignedIn, type NotifiedApp, type TwoApps } from '../support/two-apps.ts';

let frontdesk: Frontdesk;
let firstApp: NotifiedApp;
let secondApp: NotifiedApp;
let apps: TwoApps;

beforeAll(async () => {
  apps = await startTwoApps();
  ({ frontdesk, firstApp, secondApp } = apps);
});

/** Expects all tokens of the session to be revoked, and one logout token for it at each app. */
async function expectEnd({ person, browser, tokens, unusedCode }: SignedIn): Promise<void> {
  for (const [index, { app, receiver }] of [firstApp, secondApp].entries()) {
    const logoutTokens = () =>
      receiver.received.map(({ claims }) => claims).filter(({ sid }) => sid === sidOf(tokens[index]!));
    // Where offline access is revoked too, the first app also gets a logout token with the `sid` of that other session.
    await eventually(() => logoutTokens().length > 0);
    const received = logoutTokens();
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({ iss: frontdesk.issuer, aud: app.id, sub: person.id });
    expect(received[0]!['events']).toEqual({ 'http://schemas.openid.net/event/backchannel-logout': {} });
    expect(received[0]!.exp! - received[0]!.iat!).toBeLessThanOrEqual(120);
    expect(received[0]).not.toHaveProperty('nonce');
    expect((await refresh(frontdesk, app, tokens[index]!.refresh_token!)).status).toBe(400);
    expect((await userinfo(frontdesk, tokens[index]!.access_token)).status).toBe(401);
    const introspection = await callAs(frontdesk, app, '/oauth/introspect', { token: tokens[index]!.access_token });
    expect(introspection.json()).toEqual({ active: false });
  }
  expect((await exchange(frontdesk, secondApp.app, unusedCode)).status).toBe(400);
  expect(await apps.isSignedOut(browser)).toBe(true);
}

describe('the session ends', () => {
  test('by a logout request of an app', async () => {
    const visitor = await apps.signedIn();
    const address = `${frontdesk.issuer}/oauth/logout?id_token_hint=${visitor.tokens[0]!.id_token}&post_logout_redirect_uri=http://first-app.localhost:9/`;
    const response = await visitor.browser.visit(address);
    // When the apps respond within a second the response redirects, otherwise it is a receipt with a link.
    const next = response.location ?? response.root.querySelector('a.button')?.getAttribute('href');
    expect(next).toBe('http://first-app.localhost:9/');
    await expectEnd(visitor);
    expect(await apps.canRefresh(visitor.offline)).toBe(true);
  });

  test('by a sign-out on the account page', async () => {
    const visitor = await apps.signedIn();
    const page = await visitor.browser.visit(`${frontdesk.issuer}/account`);
    const signedOut = await page.submit({}, { button: 'form[action="/account/sign-out"] button' });
    expect(signedOut.text).toContain('You are signed out');
    await expectEnd(visitor);
    expect(await apps.canRefresh(visitor.offline)).toBe(true);
  });

  test('by a sign-out on the devices page of another browser', async () => {
    const visitor = await apps.signedIn();
    const otherBrowser = newBrowser(frontdesk);
    await codeFor(otherBrowser, authorize(frontdesk, firstApp.app), visitor.person.username);
    const page = await otherBrowser.visit(`${frontdesk.issuer}/account/devices`);
    const after = await page.submit({}, { button: '.rows form button' });
    expect(after.url).toBe(`${frontdesk.issuer}/account/devices`);
    expect(after.root.querySelectorAll('.rows > li')).toHaveLength(1);
    await expectEnd(visitor);
    expect(await apps.isSignedOut(otherBrowser)).toBe(false);
  });

  test('by an administrator', async () => {
    const visitor = await apps.signedIn();
    await endAccountSessions(frontdesk.db, visitor.person.id, 'ended_by_administrator');
    await expectEnd(visitor);
    expect(await apps.canRefresh(visitor.offline)).toBe(true);
  });

  test('A07 by suspending the account, which revokes offline access too', async () => {
    const visitor = await apps.signedIn();
    await suspendAccount(frontdesk.db, visitor.person.id, 'command-line');
    expect(await apps.canRefresh(visitor.offline)).toBe(false);
    await expectEnd(visitor);
    // The first app gets two logout tokens: for this session, and for the ended one that has offline access.
    await firstApp.receiver.until(2);
    expect(firstApp.receiver.received.map(({ claims }) => claims['sid'])).toContain(sidOf(visitor.offline));
    await reinstateAccount(frontdesk.db, visitor.person.id, 'command-line');
    expect(await apps.canRefresh(visitor.offline)).toBe(false);
  });

  test('A07 by setting the password, which revokes offline access too', async () => {
    const visitor = await apps.signedIn();
    const password = 'another password of many words';
    await setPassword(frontdesk.db, frontdesk.app.hasher, {
      accountId: visitor.person.id,
      password,
      by: 'command-line',
    });
    expect(await apps.canRefresh(visitor.offline)).toBe(false);
    await expectEnd(visitor);
  });

  test('A07 by removing the account, which revokes offline access too', async () => {
    const visitor = await apps.signedIn();
    await removeAccount(frontdesk.db, visitor.person.id, 'command-line');
    expect(await apps.canRefresh(visitor.offline)).toBe(false);
    await expectEnd(visitor);
    expect(await runSql(frontdesk.db, `select from accounts where id = '${visitor.person.id}'`)).toEqual([]);
  });

  test('by expiring', async () => {
    const visitor = await apps.signedIn();
    const condition = `account_id = '${visitor.person.id}'`;
    await runSql(frontdesk.db, `update sessions set expires_at = now() - interval '1 second' where ${condition}`);
    await endExpiredSessions(frontdesk.db);
    await expectEnd(visitor);
  });

  test('E11 with an event that records the reason and the number of apps', async () => {
    const visitor = await apps.signedIn();
    await endAccountSessions(frontdesk.db, visitor.person.id, 'ended_by_administrator');
    await expectEnd(visitor);
    const [event] = await runSql<{ detail: unknown }>(
      frontdesk.db,
      `select detail from audit_events where kind = 'session.ended' and account_id = '${visitor.person.id}' order by at desc`,
    );
    expect(event!.detail).toEqual({ reason: 'ended_by_administrator', apps: 2 });
  });
});
