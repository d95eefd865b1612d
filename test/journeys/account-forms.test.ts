/** Tests that the forms of the account pages refuse other sites, other sessions and other accounts. */
import { ann, app, ben, siteA, siteB, type RegisteredApp } from '../support/people-and-apps.ts';
import { dumpWithoutJobs, runSql } from '../support/database.ts';
import { authorize, codeFor, newBrowser } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import type { Browser, Page } from '../support/browser.ts';

let frontdesk: Frontdesk;
let appA: RegisteredApp;
let appB: RegisteredApp;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await ann(frontdesk);
  await ben(frontdesk);
  appA = await siteA(frontdesk);
  appB = await siteB(frontdesk, { apis: [] });
});

const signInAs = async (login = 'ann'): Promise<Browser> => {
  const browser = newBrowser(frontdesk);
  await codeFor(browser, authorize(frontdesk, appA), login);
  return browser;
};
const visit = (browser: Browser, path: string) => browser.visit(`${frontdesk.issuer}${path}`);
const uidsOf = async (login: string) =>
  (
    await runSql<{ uid: string }>(
      frontdesk.db,
      `select uid from sessions s join accounts a on a.id = s.account_id
        where a.username = '${login}' and s.ended_at is null order by s.created_at`,
    )
  ).map(({ uid }) => uid);

describe('A09 the forms of the account pages', () => {
  const formActions = async (page: Page) =>
    page.root.querySelectorAll('form').map((form) => form.getAttribute('action')!);
  /** All rows, without the jobs and the audit log. */
  const dumpRows = async () =>
    (await dumpWithoutJobs(frontdesk.db)).replace(/-- public\.audit_events\w*\n[^]*?(?=-- \w+\.|$)/g, '');

  test('need the CSRF token of the session and the origin of the issuer', async () => {
    const browser = await signInAs();
    const pageOfOtherSession = await visit(await signInAs(), '/account/devices');
    await codeFor(browser, authorize(frontdesk, appB));
    const token = (page: Page) => page.root.querySelector('input[name=csrf]')!.getAttribute('value')!;
    const activity = await visit(browser, '/account/activity');
    const pages = await Promise.all(
      ['/account/devices', '/account/apps', activity.root.querySelector('a.action')!.getAttribute('href')!].map(
        (path) => visit(browser, path),
      ),
    );
    const actions = [...new Set((await Promise.all(pages.map(formActions))).flat())];
    expect(actions.length).toBeGreaterThanOrEqual(6);
    const before = await dumpRows();
    const headers = { origin: frontdesk.issuer, 'sec-fetch-site': 'same-origin' };
    for (const action of actions) {
      const url = `${frontdesk.issuer}${action}`;
      const tries = [
        browser.send(url, { form: {}, headers }),
        browser.send(url, { form: { csrf: token(pageOfOtherSession) }, headers }),
        browser.send(url, {
          form: { csrf: token(pages[0]!) },
          headers: { ...headers, 'sec-fetch-site': 'cross-site' },
        }),
        browser.send(url, { form: { csrf: token(pages[0]!) }, headers: { origin: 'https://evil.example' } }),
        browser.send(url, { form: '{}', headers: { ...headers, 'content-type': 'text/plain' } }),
        browser.send(url, { form: '{}', headers: { ...headers, 'content-type': 'application/json' } }),
      ];
      const statuses = (await Promise.all(tries)).map(({ status }) => status);
      expect([action, statuses]).toEqual([action, [403, 403, 403, 403, 403, 403]]);
    }
    expect(await dumpRows()).toBe(before);
  });

  test('E02 have status 404 for the session or app of another person', async () => {
    const browserOfBen = await signInAs('ben');
    const [uid] = await uidsOf('ann');
    await codeFor(await signInAs(), authorize(frontdesk, await app(frontdesk, { id: 'only-ann' })));
    const page = await visit(browserOfBen, '/account/devices');
    const csrf = page.root.querySelector('input[name=csrf]')!.getAttribute('value')!;
    for (const path of [
      `/account/devices/${uid}/end`,
      '/account/devices/nobody/end',
      '/account/apps/only-ann/remove',
    ]) {
      const response = await browserOfBen.send(`${frontdesk.issuer}${path}`, { form: { csrf } });
      expect([path, response.status]).toEqual([path, 404]);
    }
    expect(await uidsOf('ann')).toContain(uid);
  });
});
