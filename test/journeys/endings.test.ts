/** However a session ends, its apps are notified and its tokens revoked. */
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
let one: NotifiedApp;
let two: NotifiedApp;
let apps: TwoApps;

beforeAll(async () => {
  apps = await startTwoApps();
  ({ frontdesk, one, two } = apps);
});

/** Expects all tokens of the session to be revoked, and one logout token for it at each app. */
async function expectEnd({ person: who, browser, tokens, unused }: SignedIn): Promise<void> {
  for (const [index, { app: each, receiver }] of [one, two].entries()) {
    const ofSession = () =>
      receiver.received.map(({ claims }) => claims).filter(({ sid }) => sid === sidOf(tokens[index]!));
    // Offline access ends with a token of its own, which may come first.
    await eventually(() => ofSession().length > 0);
    const heard = ofSession();
    expect(heard).toHaveLength(1);
    expect(heard[0]).toMatchObject({ iss: frontdesk.issuer, aud: each.id, sub: who.id });
    expect(heard[0]!['events']).toEqual({ 'http://schemas.openid.net/event/backchannel-logout': {} });
    expect(heard[0]!.exp! - heard[0]!.iat!).toBeLessThanOrEqual(120);
    expect(heard[0]).not.toHaveProperty('nonce');
    expect((await refresh(frontdesk, each, tokens[index]!.refresh_token!)).status).toBe(400);
    expect((await userinfo(frontdesk, tokens[index]!.access_token)).status).toBe(401);
    const asked = await callAs(frontdesk, each, '/oauth/introspect', { token: tokens[index]!.access_token });
    expect(asked.json()).toEqual({ active: false });
  }
  expect((await exchange(frontdesk, two.app, unused)).status).toBe(400);
  expect(await apps.isSignedOut(browser)).toBe(true);
}

describe('a session ends', () => {
  test('by signing out at an app', async () => {
    const signed = await apps.signedIn();
    const address = `${frontdesk.issuer}/oauth/logout?id_token_hint=${signed.tokens[0]!.id_token}&post_logout_redirect_uri=http://one.localhost:9/`;
    const back = await signed.browser.visit(address);
    // By a receipt when the apps took more than a second.
    const next = back.location ?? back.root.querySelector('a.button')?.getAttribute('href');
    expect(next).toBe('http://one.localhost:9/');
    await expectEnd(signed);
    expect(await apps.canRefresh(signed.offline)).toBe(true);
  });

  test('by signing out at Frontdesk', async () => {
    const signed = await apps.signedIn();
    const page = await signed.browser.visit(`${frontdesk.issuer}/account`);
    const out = await page.submit({}, { button: 'form[action="/account/sign-out"] button' });
    expect(out.text).toContain('You are signed out');
    await expectEnd(signed);
    expect(await apps.canRefresh(signed.offline)).toBe(true);
  });

  test('by another device', async () => {
    const signed = await apps.signedIn();
    const phone = newBrowser(frontdesk);
    await codeFor(phone, authorize(frontdesk, one.app), signed.person.username);
    const page = await phone.visit(`${frontdesk.issuer}/account/devices`);
    const after = await page.submit({}, { button: '.rows form button' });
    expect(after.url).toBe(`${frontdesk.issuer}/account/devices`);
    expect(after.root.querySelectorAll('.rows > li')).toHaveLength(1);
    await expectEnd(signed);
    expect(await apps.isSignedOut(phone)).toBe(false);
  });

  test('by an administrator', async () => {
    const signed = await apps.signedIn();
    await endAccountSessions(frontdesk.db, signed.person.id, 'ended_by_administrator');
    await expectEnd(signed);
    expect(await apps.canRefresh(signed.offline)).toBe(true);
  });

  test('A07 by suspending the account: offline access too', async () => {
    const signed = await apps.signedIn();
    await suspendAccount(frontdesk.db, signed.person.id, 'command-line');
    expect(await apps.canRefresh(signed.offline)).toBe(false);
    await expectEnd(signed);
    // The app is notified of the session that offline access came from, too.
    await one.receiver.until(2);
    expect(one.receiver.received.map(({ claims }) => claims['sid'])).toContain(sidOf(signed.offline));
    await reinstateAccount(frontdesk.db, signed.person.id, 'command-line');
    expect(await apps.canRefresh(signed.offline)).toBe(false);
  });

  test('A07 by setting the password', async () => {
    const signed = await apps.signedIn();
    const password = 'another password of many words';
    await setPassword(frontdesk.db, frontdesk.app.hasher, {
      accountId: signed.person.id,
      password,
      by: 'command-line',
    });
    expect(await apps.canRefresh(signed.offline)).toBe(false);
    await expectEnd(signed);
  });

  test('A07 by removing the account', async () => {
    const signed = await apps.signedIn();
    await removeAccount(frontdesk.db, signed.person.id, 'command-line');
    expect(await apps.canRefresh(signed.offline)).toBe(false);
    await expectEnd(signed);
    expect(await runSql(frontdesk.db, `select from accounts where id = '${signed.person.id}'`)).toEqual([]);
  });

  test('by expiring', async () => {
    const signed = await apps.signedIn();
    const mine = `account_id = '${signed.person.id}'`;
    await runSql(frontdesk.db, `update sessions set expires_at = now() - interval '1 second' where ${mine}`);
    await endExpiredSessions(frontdesk.db);
    await expectEnd(signed);
  });

  test('E11 with an audit event', async () => {
    const signed = await apps.signedIn();
    await endAccountSessions(frontdesk.db, signed.person.id, 'ended_by_administrator');
    await expectEnd(signed);
    const [event] = await runSql<{ detail: unknown }>(
      frontdesk.db,
      `select detail from audit_events where kind = 'session.ended' and account_id = '${signed.person.id}' order by at desc`,
    );
    expect(event!.detail).toEqual({ reason: 'ended_by_administrator', apps: 2 });
  });
});
