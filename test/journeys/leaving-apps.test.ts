/** An app leaves a session, many apps are notified, and another person signs in in the same browser. */
import { person } from '../support/people-and-apps.ts';
import { runSql } from '../support/database.ts';
import { responseParameters, authorize, codeFor, newBrowser, refresh, tokensFor, userinfo } from '../support/flow.ts';
import type { Tokens } from '../support/flow.ts';
import type { Frontdesk } from '../support/frontdesk.ts';
import { sidOf, startTwoApps, type NotifiedApp, type TwoApps } from '../support/two-apps.ts';

let frontdesk: Frontdesk;
let one: NotifiedApp;
let two: NotifiedApp;
let apps: TwoApps;

beforeAll(async () => {
  apps = await startTwoApps();
  ({ frontdesk, one, two } = apps);
});

describe('one app leaves the session, which goes on', () => {
  test('when the person removes it', async () => {
    const signed = await apps.signedIn();
    const page = await signed.browser.visit(`${frontdesk.issuer}/account/apps`);
    expect(page.text).toContain('one');
    await page.submit({}, { button: 'form[action="/account/apps/one/remove"] button' });
    await one.receiver.until(2);
    const sids = new Set(one.receiver.received.map(({ claims }) => claims['sid']));
    expect(sids).toEqual(new Set([sidOf(signed.tokens[0]!), sidOf(signed.offline)]));
    expect((await refresh(frontdesk, one.app, signed.tokens[0]!.refresh_token!)).status).toBe(400);
    expect(await apps.canRefresh(signed.offline)).toBe(false);
    expect((await refresh(frontdesk, two.app, signed.tokens[1]!.refresh_token!)).status).toBe(200);
    expect(two.receiver.received).toEqual([]);
    expect(await apps.isSignedOut(signed.browser)).toBe(false);
  });

  test('B06 when its refresh token was reused: the family is revoked, the app notified, and an event recorded', async () => {
    const signed = await apps.signedIn();
    const stolen = signed.tokens[0]!.refresh_token!;
    const next = (await refresh(frontdesk, one.app, stolen)).json<Tokens>();
    await runSql(frontdesk.db, `update artifacts set consumed_at = consumed_at - interval '31 seconds'`);
    // The grace of the predecessor is over: whoever brings it is not the app.
    expect((await refresh(frontdesk, one.app, stolen)).status).toBe(400);
    await one.receiver.until(1);
    expect(one.receiver.received[0]!.claims['sid']).toBe(sidOf(signed.tokens[0]!));
    expect((await userinfo(frontdesk, next.access_token)).status).toBe(401);
    expect((await refresh(frontdesk, two.app, signed.tokens[1]!.refresh_token!)).status).toBe(200);
    const events = await runSql(
      frontdesk.db,
      `select from audit_events where kind = 'refresh-token.reused' and account_id = '${signed.person.id}'`,
    );
    expect(events).toHaveLength(1);
  });

  test('when the person signs out of it alone', async () => {
    const signed = await apps.signedIn();
    const page = await signed.browser.visit(`${frontdesk.issuer}/oauth/logout?client_id=${one.app.id}`);
    await page.submit({}, { button: 'button.plain' });
    await one.receiver.until(1);
    expect(one.receiver.received[0]!.claims['sid']).toBe(sidOf(signed.tokens[0]!));
    expect((await refresh(frontdesk, one.app, signed.tokens[0]!.refresh_token!)).status).toBe(400);
    expect((await refresh(frontdesk, two.app, signed.tokens[1]!.refresh_token!)).status).toBe(200);
    expect(two.receiver.received).toEqual([]);
    expect(await apps.isSignedOut(signed.browser)).toBe(false);
  });
});

test('A05 twenty apps signed in to at once are all notified, each with its own sid', async () => {
  const many: NotifiedApp[] = [];
  for (let index = 0; index < 20; index += 1) many.push(await apps.addApp(`many-${index}`));
  const browser = newBrowser(frontdesk);
  await person(frontdesk, 'many', 'Many');
  await codeFor(browser, authorize(frontdesk, one.app), 'many');
  const tokens = await Promise.all(many.map(({ app: each }) => tokensFor(frontdesk, browser, each)));
  await (await browser.visit(`${frontdesk.issuer}/oauth/logout`)).submit({ logout: 'yes' });
  await Promise.all(many.map(({ receiver }) => receiver.until(1)));
  expect(many.map(({ receiver }) => receiver.received[0]!.claims['sid'])).toEqual(tokens.map(sidOf));
  await Promise.all(many.map(({ receiver }) => receiver.stop()));
});

test('another person who signs in in the same browser ends the session', async () => {
  const signed = await apps.signedIn();
  await person(frontdesk, 'else', 'Else');
  const form = await signed.browser.visit(authorize(frontdesk, one.app, { prompt: 'login' }).url);
  const back = await form.submit({ login: 'else', password: 'correct horse battery staple' });
  expect(responseParameters(back)['code']).toBeTruthy();
  await Promise.all([one.receiver.until(1), two.receiver.until(1)]);
  expect(two.receiver.received[0]!.claims).toMatchObject({ sub: signed.person.id, sid: sidOf(signed.tokens[1]!) });
});
