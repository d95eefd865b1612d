/** Whatever ends a session reaches every app that took part, and takes away all it could do. */
import { decodeJwt } from 'jose';
import { reinstateAccount, suspendAccount } from '../../src/accounts/suspend-account.ts';
import { removeAccount } from '../../src/accounts/remove-account.ts';
import { setPassword } from '../../src/accounts/set-password.ts';
import { endExpiredSessions } from '../../src/sessions/end-expired-sessions.ts';
import { endSessionsOf } from '../../src/sessions/end-session.ts';
import { app, person, type Person, type RegisteredApp } from '../support/cast.ts';
import { statement } from '../support/database.ts';
import {
  answerIn,
  authorize,
  callAs,
  codeFor,
  exchange,
  newBrowser,
  refresh,
  tokensFor,
  userinfo,
} from '../support/flow.ts';
import type { Tokens } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import type { Browser } from '../support/browser.ts';

let desk: Frontdesk;
let one: { app: RegisteredApp; receiver: Receiver };
let two: { app: RegisteredApp; receiver: Receiver };
let count = 0;

async function told(id: string): Promise<{ app: RegisteredApp; receiver: Receiver }> {
  const receiver = await startReceiver(desk.issuer, id);
  return { receiver, app: await app(desk, { id, isFirstParty: true, backChannelLogoutUri: receiver.uri }) };
}

beforeAll(async () => {
  desk = await startFrontdesk();
  one = await told('one');
  two = await told('two');
});
afterAll(async () => {
  await desk.close();
  await one.receiver.stop();
  await two.receiver.stop();
});

interface Signed {
  person: Person;
  browser: Browser;
  tokens: Tokens[];
  offline: Tokens;
  /** A code that nobody has used yet. */
  unused: { code: string; verifier: string };
}

/** Somebody new, signed in at both apps, with offline access at the first. */
async function signedIn(): Promise<Signed> {
  const login = `person-${(count += 1)}`;
  const who = await person(desk, login, login);
  const browser = newBrowser(desk);
  const tokens = [
    await tokensFor(desk, browser, one.app, { login }),
    await tokensFor(desk, browser, two.app, { login }),
  ];
  const elsewhere = newBrowser(desk);
  const scope = 'openid offline_access';
  const offline = await tokensFor(desk, elsewhere, one.app, { login, scope, prompt: 'consent' });
  // That session has ended, and its app was told; the offline access goes on.
  await (await elsewhere.visit(`${desk.issuer}/oauth/logout`)).submit({ logout: 'yes' });
  await one.receiver.until(1);
  for (const { receiver } of [one, two]) receiver.heard.length = 0;
  const request = authorize(desk, two.app);
  return {
    person: who,
    browser,
    tokens,
    offline,
    unused: { code: await codeFor(browser, request), verifier: request.verifier },
  };
}

const sidOf = ({ id_token: token }: Tokens) => decodeJwt(token!)['sid'];
const isOut = async (browser: Browser) =>
  (await browser.visit(authorize(desk, one.app).url)).root.querySelector('input[name=login]') !== null;

/** Every token of the session is dead, and both apps heard which session is over, and nothing else. */
async function expectEnd({ person: who, browser, tokens, unused }: Signed): Promise<void> {
  await Promise.all([one.receiver.until(1), two.receiver.until(1)]);
  for (const [index, { app: each, receiver }] of [one, two].entries()) {
    const heard = receiver.heard.map(({ claims }) => claims).filter(({ sid }) => sid === sidOf(tokens[index]!));
    expect(heard).toHaveLength(1);
    expect(heard[0]).toMatchObject({ iss: desk.issuer, aud: each.id, sub: who.id });
    expect(heard[0]!['events']).toEqual({ 'http://schemas.openid.net/event/backchannel-logout': {} });
    expect(heard[0]!.exp! - heard[0]!.iat!).toBeLessThanOrEqual(120);
    expect(heard[0]).not.toHaveProperty('nonce');
    expect((await refresh(desk, each, tokens[index]!.refresh_token!)).status).toBe(400);
    expect((await userinfo(desk, tokens[index]!.access_token)).status).toBe(401);
    const asked = await callAs(desk, each, '/oauth/introspect', { token: tokens[index]!.access_token });
    expect(asked.json()).toEqual({ active: false });
  }
  expect((await exchange(desk, two.app, unused)).status).toBe(400);
  expect(await isOut(browser)).toBe(true);
}

/** How long the slower of both apps waited to hear of it. */
const toldWithin = (start: number) => Math.max(...[one, two].map(({ receiver }) => receiver.heard[0]!.at)) - start;

const lives = async (offline: Tokens) => (await refresh(desk, one.app, offline.refresh_token!)).status === 200;

describe('a session ends', () => {
  test('by signing out at an app', async () => {
    const signed = await signedIn();
    const address = `${desk.issuer}/oauth/logout?id_token_hint=${signed.tokens[0]!.id_token}&post_logout_redirect_uri=http://one.localhost:9/`;
    const back = await (await signed.browser.visit(address)).submit();
    // Both apps answered at once, so there is nothing to say and nobody waits.
    expect(back.location).toBe('http://one.localhost:9/');
    await expectEnd(signed);
    expect(await lives(signed.offline)).toBe(true);
  });

  test('by signing out at the desk', async () => {
    const signed = await signedIn();
    const page = await signed.browser.visit(`${desk.issuer}/account`);
    const out = await page.submit({}, { button: 'form[action="/account/sign-out"] button' });
    expect(out.text).toContain('You are signed out at the desk');
    await expectEnd(signed);
    expect(await lives(signed.offline)).toBe(true);
  });

  test('by another device', async () => {
    const signed = await signedIn();
    const phone = newBrowser(desk);
    await codeFor(phone, authorize(desk, one.app), signed.person.username);
    const page = await phone.visit(`${desk.issuer}/account/devices`);
    const after = await page.submit({}, { button: '.rows form button' });
    expect(after.url).toBe(`${desk.issuer}/account/devices`);
    expect(after.root.querySelectorAll('.rows > li')).toHaveLength(1);
    await expectEnd(signed);
    expect(await isOut(phone)).toBe(false);
  });

  test('by an administrator', async () => {
    const signed = await signedIn();
    await endSessionsOf(desk.db, signed.person.id, 'ended_by_administrator');
    await expectEnd(signed);
    expect(await lives(signed.offline)).toBe(true);
  });

  test('A07 by suspending the account: offline access too, and within a second', async () => {
    const signed = await signedIn();
    const start = Date.now();
    await suspendAccount(desk.db, signed.person.id, 'command-line');
    expect(await lives(signed.offline)).toBe(false);
    await expectEnd(signed);
    expect(toldWithin(start)).toBeLessThan(1000);
    // The app with offline access from an earlier session hears of that one too.
    await one.receiver.until(2);
    expect(one.receiver.heard.map(({ claims }) => claims['sid'])).toContain(sidOf(signed.offline));
    await reinstateAccount(desk.db, signed.person.id, 'command-line');
    expect(await lives(signed.offline)).toBe(false);
  });

  test('A07 by setting the password', async () => {
    const signed = await signedIn();
    const password = 'another password of many words';
    const start = Date.now();
    await setPassword(desk.db, desk.app.hasher, { accountId: signed.person.id, password, by: 'command-line' });
    expect(await lives(signed.offline)).toBe(false);
    await expectEnd(signed);
    expect(toldWithin(start)).toBeLessThan(1000);
  });

  test('A07 by removing the account', async () => {
    const signed = await signedIn();
    const start = Date.now();
    await removeAccount(desk.db, signed.person.id, 'command-line');
    expect(await lives(signed.offline)).toBe(false);
    await expectEnd(signed);
    expect(toldWithin(start)).toBeLessThan(1000);
    expect(await desk.db.read(statement(`select from accounts where id = '${signed.person.id}'`))).toEqual([]);
  });

  test('by the clock', async () => {
    const signed = await signedIn();
    const mine = `account_id = '${signed.person.id}'`;
    await desk.db.read(statement(`update sessions set expires_at = now() - interval '1 second' where ${mine}`));
    await endExpiredSessions(desk.db);
    await expectEnd(signed);
  });

  test('and is on record with what became of it', async () => {
    const signed = await signedIn();
    await endSessionsOf(desk.db, signed.person.id, 'ended_by_administrator');
    await expectEnd(signed);
    const [event] = await desk.db.read<{ detail: unknown }>(
      statement(
        `select detail from audit_events where kind = 'session.ended' and account_id = '${signed.person.id}' order by at desc`,
      ),
    );
    expect(event!.detail).toEqual({ reason: 'ended_by_administrator', apps: 2 });
  });
});

describe('one app leaves, and the session goes on', () => {
  test('when the person removes it', async () => {
    const signed = await signedIn();
    const page = await signed.browser.visit(`${desk.issuer}/account/apps`);
    expect(page.text).toContain('one');
    await page.submit({}, { button: 'form[action="/account/apps/one/remove"] button' });
    await one.receiver.until(2);
    const sids = new Set(one.receiver.heard.map(({ claims }) => claims['sid']));
    expect(sids).toEqual(new Set([sidOf(signed.tokens[0]!), sidOf(signed.offline)]));
    expect((await refresh(desk, one.app, signed.tokens[0]!.refresh_token!)).status).toBe(400);
    expect(await lives(signed.offline)).toBe(false);
    expect((await refresh(desk, two.app, signed.tokens[1]!.refresh_token!)).status).toBe(200);
    expect(two.receiver.heard).toEqual([]);
    expect(await isOut(signed.browser)).toBe(false);
  });

  test('B06 when its refresh token was stolen: the family ends, the app is told, and it is on record', async () => {
    const signed = await signedIn();
    const stolen = signed.tokens[0]!.refresh_token!;
    const next = (await refresh(desk, one.app, stolen)).json<Tokens>();
    await refresh(desk, one.app, next.refresh_token!);
    // The predecessor has been superseded: whoever brings it is not the app.
    expect((await refresh(desk, one.app, stolen)).status).toBe(400);
    await one.receiver.until(1);
    expect(one.receiver.heard[0]!.claims['sid']).toBe(sidOf(signed.tokens[0]!));
    expect((await userinfo(desk, next.access_token)).status).toBe(401);
    expect((await refresh(desk, two.app, signed.tokens[1]!.refresh_token!)).status).toBe(200);
    const events = await desk.db.read(
      statement(`select from audit_events where kind = 'refresh-token.reused' and account_id = '${signed.person.id}'`),
    );
    expect(events).toHaveLength(1);
  });

  test('when the person signs out of it alone', async () => {
    const signed = await signedIn();
    const address = `${desk.issuer}/oauth/logout?id_token_hint=${signed.tokens[0]!.id_token}`;
    const page = await signed.browser.visit(address);
    await page.submit({}, { button: 'button.plain' });
    await one.receiver.until(1);
    expect(one.receiver.heard[0]!.claims['sid']).toBe(sidOf(signed.tokens[0]!));
    expect((await refresh(desk, one.app, signed.tokens[0]!.refresh_token!)).status).toBe(400);
    expect((await refresh(desk, two.app, signed.tokens[1]!.refresh_token!)).status).toBe(200);
    expect(two.receiver.heard).toEqual([]);
    expect(await isOut(signed.browser)).toBe(false);
  });
});

test('A05 twenty apps signed in to at once are all told, each by its own name for the session', async () => {
  const apps = [];
  for (let index = 0; index < 20; index += 1) apps.push(await told(`many-${index}`));
  const browser = newBrowser(desk);
  await person(desk, 'many', 'Many');
  await codeFor(browser, authorize(desk, one.app), 'many');
  const tokens = await Promise.all(apps.map(({ app: each }) => tokensFor(desk, browser, each)));
  await (await browser.visit(`${desk.issuer}/oauth/logout`)).submit({ logout: 'yes' });
  await Promise.all(apps.map(({ receiver }) => receiver.until(1)));
  expect(apps.map(({ receiver }) => receiver.heard[0]!.claims['sid'])).toEqual(tokens.map(sidOf));
  await Promise.all(apps.map(({ receiver }) => receiver.stop()));
});

test('somebody else who signs in on the same browser ends the session of the first', async () => {
  const signed = await signedIn();
  await person(desk, 'else', 'Else');
  const form = await signed.browser.visit(authorize(desk, one.app, { prompt: 'login' }).url);
  const back = await form.submit({ login: 'else', password: 'correct horse battery staple' });
  expect(answerIn(back)['code']).toBeTruthy();
  await Promise.all([one.receiver.until(1), two.receiver.until(1)]);
  expect(two.receiver.heard[0]!.claims).toMatchObject({ sub: signed.person.id, sid: sidOf(signed.tokens[1]!) });
});
