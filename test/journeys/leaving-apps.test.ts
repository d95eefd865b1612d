/** Tests logout notices and tokens when one app leaves a session, and when a session with many apps ends. */
import { person } from '../support/people-and-apps.ts';
import { runSql } from '../support/database.ts';
import { responseParameters, authorize, codeFor, newBrowser, refresh, tokensFor, userinfo } from '../support/flow.ts';
import type { Tokens } from '../support/flow.ts';
import type { Frontdesk } from '../support/frontdesk.ts';
import { sidOf, startTwoApps, type NotifiedApp, type TwoApps } from '../support/two-apps.ts';

let frontdesk: Frontdesk;
let firstApp: NotifiedApp;
let secondApp: NotifiedApp;
let apps: TwoApps;

beforeAll(async () => {
  apps = await startTwoApps();
  ({ frontdesk, firstApp, secondApp } = apps);
});

describe('one app is notified and loses its tokens while the session continues', () => {
  test('when the person removes the app', async () => {
    const visitor = await apps.signedIn();
    const page = await visitor.browser.visit(`${frontdesk.issuer}/account/apps`);
    expect(page.text).toContain('first-app');
    await page.submit({}, { button: 'form[action="/account/apps/first-app/remove"] button' });
    await firstApp.receiver.until(2);
    const sids = new Set(firstApp.receiver.received.map(({ claims }) => claims['sid']));
    expect(sids).toEqual(new Set([sidOf(visitor.tokens[0]!), sidOf(visitor.offline)]));
    expect((await refresh(frontdesk, firstApp.app, visitor.tokens[0]!.refresh_token!)).status).toBe(400);
    expect(await apps.canRefresh(visitor.offline)).toBe(false);
    expect((await refresh(frontdesk, secondApp.app, visitor.tokens[1]!.refresh_token!)).status).toBe(200);
    expect(secondApp.receiver.received).toEqual([]);
    expect(await apps.isSignedOut(visitor.browser)).toBe(false);
  });

  test('B06 when its refresh token is reused after the grace period, which is recorded as an event', async () => {
    const visitor = await apps.signedIn();
    const stolen = visitor.tokens[0]!.refresh_token!;
    const next = (await refresh(frontdesk, firstApp.app, stolen)).json<Tokens>();
    await runSql(frontdesk.db, `update artifacts set consumed_at = consumed_at - interval '31 seconds'`);
    expect((await refresh(frontdesk, firstApp.app, stolen)).status).toBe(400);
    await firstApp.receiver.until(1);
    expect(firstApp.receiver.received[0]!.claims['sid']).toBe(sidOf(visitor.tokens[0]!));
    expect((await userinfo(frontdesk, next.access_token)).status).toBe(401);
    expect((await refresh(frontdesk, secondApp.app, visitor.tokens[1]!.refresh_token!)).status).toBe(200);
    const events = await runSql(
      frontdesk.db,
      `select from audit_events where kind = 'refresh-token.reused' and account_id = '${visitor.person.id}'`,
    );
    expect(events).toHaveLength(1);
  });

  test('when the person signs out of that app alone', async () => {
    const visitor = await apps.signedIn();
    const page = await visitor.browser.visit(`${frontdesk.issuer}/oauth/logout?client_id=${firstApp.app.id}`);
    await page.submit({}, { button: 'button.plain' });
    await firstApp.receiver.until(1);
    expect(firstApp.receiver.received[0]!.claims['sid']).toBe(sidOf(visitor.tokens[0]!));
    expect((await refresh(frontdesk, firstApp.app, visitor.tokens[0]!.refresh_token!)).status).toBe(400);
    expect((await refresh(frontdesk, secondApp.app, visitor.tokens[1]!.refresh_token!)).status).toBe(200);
    expect(secondApp.receiver.received).toEqual([]);
    expect(await apps.isSignedOut(visitor.browser)).toBe(false);
  });
});

test('A05 twenty apps of one session are all notified, each with its own sid', async () => {
  const twenty: NotifiedApp[] = [];
  for (let index = 0; index < 20; index += 1) twenty.push(await apps.addApp(`many-${index}`));
  const browser = newBrowser(frontdesk);
  await person(frontdesk, 'many', 'Many');
  await codeFor(browser, authorize(frontdesk, firstApp.app), 'many');
  const tokens = await Promise.all(twenty.map(({ app: each }) => tokensFor(frontdesk, browser, each)));
  await (await browser.visit(`${frontdesk.issuer}/oauth/logout`)).submit({ logout: 'yes' });
  await Promise.all(twenty.map(({ receiver }) => receiver.until(1)));
  expect(twenty.map(({ receiver }) => receiver.received[0]!.claims['sid'])).toEqual(tokens.map(sidOf));
  await Promise.all(twenty.map(({ receiver }) => receiver.stop()));
});

test('when another person signs in in the same browser, the session ends and its apps are notified', async () => {
  const visitor = await apps.signedIn();
  await person(frontdesk, 'other', 'Other');
  const form = await visitor.browser.visit(authorize(frontdesk, firstApp.app, { prompt: 'login' }).url);
  const response = await form.submit({ login: 'other', password: 'correct horse battery staple' });
  expect(responseParameters(response)['code']).toBeTruthy();
  await Promise.all([firstApp.receiver.until(1), secondApp.receiver.until(1)]);
  expect(secondApp.receiver.received[0]!.claims).toMatchObject({
    sub: visitor.person.id,
    sid: sidOf(visitor.tokens[1]!),
  });
});
