/** The forms of the account pages act for one person, and for no other site. */
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

const signedIn = async (login = 'ann'): Promise<Browser> => {
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

describe('A09 the forms of the account', () => {
  const forms = async (page: Page) => page.root.querySelectorAll('form').map((form) => form.getAttribute('action')!);
  const rows = async () =>
    (await dumpWithoutJobs(frontdesk.db)).replace(/-- public\.audit_events\w*\n[^]*?(?=-- \w+\.|$)/g, '');

  test('need the CSRF token of this session, and this origin', async () => {
    const browser = await signedIn();
    const other = await visit(await signedIn(), '/account/devices');
    await codeFor(browser, authorize(frontdesk, appB));
    const token = (page: Page) => page.root.querySelector('input[name=csrf]')!.getAttribute('value')!;
    const activity = await visit(browser, '/account/activity');
    const pages = await Promise.all(
      ['/account/devices', '/account/apps', activity.root.querySelector('a.action')!.getAttribute('href')!].map(
        (path) => visit(browser, path),
      ),
    );
    const actions = [...new Set((await Promise.all(pages.map(forms))).flat())];
    expect(actions.length).toBeGreaterThanOrEqual(6);
    const before = await rows();
    const good = { origin: frontdesk.issuer, 'sec-fetch-site': 'same-origin' };
    for (const action of actions) {
      const url = `${frontdesk.issuer}${action}`;
      const tries = [
        browser.send(url, { form: {}, headers: good }),
        browser.send(url, { form: { csrf: token(other) }, headers: good }),
        browser.send(url, { form: { csrf: token(pages[0]!) }, headers: { ...good, 'sec-fetch-site': 'cross-site' } }),
        browser.send(url, { form: { csrf: token(pages[0]!) }, headers: { origin: 'https://evil.example' } }),
        browser.send(url, { form: '{}', headers: { ...good, 'content-type': 'text/plain' } }),
        browser.send(url, { form: '{}', headers: { ...good, 'content-type': 'application/json' } }),
      ];
      const statuses = (await Promise.all(tries)).map(({ status }) => status);
      expect([action, statuses]).toEqual([action, [403, 403, 403, 403, 403, 403]]);
    }
    expect(await rows()).toBe(before);
  });

  test('E02 the session or app of another person is not found', async () => {
    const eve = await signedIn('ben');
    const [uid] = await uidsOf('ann');
    await codeFor(await signedIn(), authorize(frontdesk, await app(frontdesk, { id: 'only-ann' })));
    const page = await visit(eve, '/account/devices');
    const csrf = page.root.querySelector('input[name=csrf]')!.getAttribute('value')!;
    for (const path of [
      `/account/devices/${uid}/end`,
      '/account/devices/nobody/end',
      '/account/apps/only-ann/remove',
    ]) {
      const response = await eve.send(`${frontdesk.issuer}${path}`, { form: { csrf } });
      expect([path, response.status]).toEqual([path, 404]);
    }
    expect(await uidsOf('ann')).toContain(uid);
  });
});
