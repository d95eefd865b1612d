/** Requirement of README.md beside this file: G09. Tests that a browser in which an account signs in again has one live session of it. */
import { ann, ben, siteA, type Person, type RegisteredApp } from '../support/people-and-apps.ts';
import type { Browser } from '../support/browser.ts';
import { runSql } from '../support/database.ts';
import { authorize, codeFor, exchange, newBrowser, tokensFor, userinfo } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';

let frontdesk: Frontdesk;
let site: RegisteredApp;
let anns: Person;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  anns = await ann(frontdesk);
  await ben(frontdesk);
  site = await siteA(frontdesk);
});
beforeEach(() => runSql(frontdesk.db, 'delete from sessions'));

const sessions = async (ended = false) =>
  runSql<{ account_id: string; end_reason: string | null }>(
    frontdesk.db,
    `select account_id, end_reason from sessions where (ended_at is not null) = ${ended}`,
  );

/** Closes the browser: it forgets the cookie of its session and keeps the cookie of its known device. */
async function reopen(browser: Browser): Promise<void> {
  for (const { key, domain, path } of await browser.jar.getCookies(frontdesk.issuer)) {
    if (key.includes('fd_session')) await browser.jar.store.removeCookie(domain, path, key);
  }
}

test('a person who signs in again with a live session keeps that session', async () => {
  const browser = newBrowser(frontdesk);
  await codeFor(browser, authorize(frontdesk, site));
  for (let round = 0; round < 3; round += 1) await codeFor(browser, authorize(frontdesk, site, { prompt: 'login' }));
  expect(await sessions()).toHaveLength(1);
  expect(await sessions(true)).toHaveLength(0);
});

test('G09 a sign-in in a browser that was closed ends the previous session of that browser', async () => {
  const browser = newBrowser(frontdesk);
  const first = await tokensFor(frontdesk, browser, site);
  for (let round = 0; round < 3; round += 1) {
    await reopen(browser);
    await codeFor(browser, authorize(frontdesk, site));
  }
  expect(await sessions()).toHaveLength(1);
  const ended = await sessions(true);
  expect(ended.map(({ end_reason: reason }) => reason)).toEqual(Array.from({ length: 3 }, () => 'signed_in_again'));
  expect((await userinfo(frontdesk, first.access_token)).status).toBe(401);
});

test('other browsers and other people in the same browser keep their sessions', async () => {
  const [browser, otherBrowser] = [newBrowser(frontdesk), newBrowser(frontdesk)];
  await codeFor(browser, authorize(frontdesk, site));
  await codeFor(otherBrowser, authorize(frontdesk, site));
  await reopen(browser);
  await codeFor(browser, authorize(frontdesk, site), 'ben');
  expect((await sessions()).filter(({ account_id: id }) => id === anns.id)).toHaveLength(2);
  await reopen(browser);
  await codeFor(browser, authorize(frontdesk, site));
  expect((await sessions()).filter(({ account_id: id }) => id === anns.id)).toHaveLength(2);
  expect(await sessions()).toHaveLength(3);
});

test('a refused sign-in ends no session', async () => {
  const browser = newBrowser(frontdesk);
  const request = authorize(frontdesk, site);
  const code = await codeFor(browser, request);
  await reopen(browser);
  const page = await browser.visit(authorize(frontdesk, site).url);
  await page.submit({ login: 'ann', password: 'wrong' });
  expect(await sessions()).toHaveLength(1);
  expect((await exchange(frontdesk, site, { code, verifier: request.verifier })).status).toBe(200);
});
