/** Requirements of README.md beside this file: D05, D06, D07. Guessing passwords, and people whom that must not lock out. */
import { setPassword } from '../../src/accounts/set-password.ts';
import { password, person, siteA, type Person, type RegisteredApp } from '../support/people-and-apps.ts';
import { runSql } from '../support/database.ts';
import { authorize, newBrowser, responseParameters, signIn } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import type { Browser, Page } from '../support/browser.ts';

let one: Frontdesk;
let two: Frontdesk;
let site: RegisteredApp;
let owner: Person;

const settings = { TRUSTED_PROXIES: '1' };
beforeAll(async () => {
  one = await startFrontdesk({ settings });
  two = await startFrontdesk({ sameDeploymentAs: one, settings });
  site = await siteA(one);
});

let people = 0;
beforeEach(async () => {
  await runSql(one.db, 'delete from sign_in_attempts');
  owner = await person(one, `owner-${(people += 1)}`, 'Owner');
});

let lastAddress = 0;
/** The header of a request from an address that was not used before. */
const freshAddress = () => {
  lastAddress += 1;
  return { 'x-forwarded-for': `10.${lastAddress >> 8}.${lastAddress & 255}.1` };
};

type From = Record<string, string>;
const open = (browser: Browser, from: From, more = {}) =>
  browser.visit(authorize(one, site, more).url, { headers: from });
const formOf = (from: From, server = one): Promise<Page> => open(newBrowser(one, server.port), from);
const tryOn = (form: Page, login: string, secret: string, from: From) =>
  form.submit({ login, password: secret }, { headers: from });

/** Wrong passwords, each from an address of its own, until the name is refused on devices that are not known. */
async function exhaust(login: string): Promise<Page> {
  const form = await formOf(freshAddress());
  const pages = [];
  for (let round = 0; round < 4; round += 1) {
    const guesses = Array.from({ length: 26 }, () => tryOn(form, login, 'wrong', freshAddress()));
    pages.push(...(await Promise.all(guesses)));
  }
  expect(pages.filter(({ status }) => status === 422)).toHaveLength(100);
  return pages.find(({ status }) => status === 429)!;
}

/** The page without what differs from request to request. */
const plain = ({ status, text, headers }: Page, login: string) => ({
  status,
  text: text.replaceAll(login, 'LOGIN'),
  headers: Object.keys(headers).toSorted(),
});

const isIn = (page: Page): boolean => page.status === 303 && responseParameters(page)['code'] !== undefined;

async function knownBrowser(login = owner.username): Promise<Browser> {
  const browser = newBrowser(one);
  expect(isIn(await signIn(await open(browser, freshAddress()), login))).toBe(true);
  return browser;
}
const cookiesOf = async (browser: Browser) =>
  (await browser.jar.getCookies(one.issuer)).filter(({ key }) => key.startsWith('fd_known_'));

describe('D05', () => {
  test('of 100 guesses at once, at two processes, ten are evaluated', async () => {
    const from = freshAddress();
    const forms = [await formOf(from), await formOf(from, two)];
    const secret = (index: number) => (index === 50 ? 'wrong' : `wrong ${index}`);
    const pages = await Promise.all(
      Array.from({ length: 100 }, (_, index) => tryOn(forms[index % 2]!, owner.username, secret(index), from)),
    );
    const counts = [422, 429].map((status) => pages.filter((page) => page.status === status).length);
    expect(counts).toEqual([10, 90]);
    const events = await runSql(
      one.db,
      `select from audit_events where kind = 'sign-in.failed' and account_id = '${owner.id}'`,
    );
    expect(events).toHaveLength(10);
  });

  test('whoever is refused is told how long to wait, and what helps', async () => {
    const from = freshAddress();
    let page = await formOf(from);
    for (let count = 0; count < 11; count += 1) page = await tryOn(page, owner.username, 'wrong', from);
    expect(page.status).toBe(429);
    expect(Number(page.headers['retry-after'])).toBeGreaterThan(800);
    expect(page.text).toMatch(
      /Wait 15 minutes, also with your other name, or sign in on a device where you have signed in before/,
    );
    const right = await tryOn(page, owner.username, password, from);
    expect(right.status).toBe(429);
  });
});

describe('D06', () => {
  test('a stranger’s guesses refuse the owner on no device that is known, whatever the network', async () => {
    const browser = await knownBrowser();
    const refused = await exhaust(owner.username);
    expect(refused.text).toContain('sign in on a device where you have signed in before');
    const elsewhere = await tryOn(await formOf(freshAddress()), owner.username, password, freshAddress());
    expect(elsewhere.status).toBe(429);
    for (const login of [owner.username, owner.email]) {
      const form = await open(browser, freshAddress(), { prompt: 'login' });
      expect(isIn(await signIn(form, login))).toBe(true);
    }
  });

  test('ten guesses from one network refuse nobody elsewhere', async () => {
    const from = freshAddress();
    const form = await formOf(from);
    for (let count = 0; count < 11; count += 1) await tryOn(form, owner.username, 'wrong', from);
    expect((await tryOn(form, owner.username, password, from)).status).toBe(429);
    const there = freshAddress();
    expect(isIn(await tryOn(await formOf(there), owner.username, password, there))).toBe(true);
  });

  test('a known device stays known after signing out everywhere, and no longer with a new password', async () => {
    const browser = await knownBrowser();
    const devices = await browser.visit(`${one.issuer}/account/devices`);
    await devices.submit({}, { button: 'form[action$=end-all] button' });
    await exhaust(owner.username);
    expect(isIn(await signIn(await open(browser, freshAddress()), owner.username))).toBe(true);

    const next = 'another horse battery staple';
    await setPassword(one.db, one.app.hasher, { accountId: owner.id, password: next, by: 'command-line' });
    const form = await open(browser, freshAddress());
    expect((await tryOn(form, owner.username, next, freshAddress())).status).toBe(429);
  });

  test('guesses on a known device are limited as well, and its cookie is worth nothing for others', async () => {
    const browser = await knownBrowser();
    const form = await open(browser, freshAddress(), { prompt: 'login' });
    const statuses = [];
    for (let count = 0; count < 11; count += 1) {
      statuses.push((await tryOn(form, owner.username, 'wrong', freshAddress())).status);
    }
    expect(statuses).toEqual([...Array<number>(10).fill(422), 429]);
    // No other device is affected.
    const there = freshAddress();
    expect(isIn(await tryOn(await formOf(there), owner.username, password, there))).toBe(true);

    const other = await person(one, `other-${people}`, 'Other');
    await exhaust(other.username);
    expect((await tryOn(form, other.username, password, freshAddress())).status).toBe(429);
  });

  test('the cookie is one for each account, new with each sign-in, five at most, and names nobody', async () => {
    const browser = await knownBrowser();
    const [first] = await cookiesOf(browser);
    expect(await signIn(await open(browser, freshAddress(), { prompt: 'login' }), owner.email)).toMatchObject({
      status: 303,
    });
    const [second, ...others] = await cookiesOf(browser);
    expect(others).toEqual([]);
    expect([second!.key, second!.value === first!.value]).toEqual([first!.key, false]);
    expect(second).toMatchObject({ httpOnly: true, sameSite: 'lax', path: '/', hostOnly: true });
    expect(second!.TTL()).toBeGreaterThan(170 * 24 * 60 * 60 * 1000);
    expect(JSON.stringify(second)).not.toMatch(new RegExp(`${owner.id}|${owner.username}`));

    for (let count = 0; count < 6; count += 1) {
      const somebody = await person(one, `five-${people}-${count}`, 'Somebody');
      expect(isIn(await signIn(await open(browser, freshAddress(), { prompt: 'login' }), somebody.username))).toBe(
        true,
      );
    }
    const all = await cookiesOf(browser);
    expect(all).toHaveLength(5);
    expect(all.map(({ key }) => key)).not.toContain(first!.key);
  });

  test('two names of an account share what is evaluated, and look as names without an account do', async () => {
    const from = freshAddress();
    const form = await formOf(from);
    const pagesOf = async (login: string) => {
      const pages = [];
      for (let count = 0; count < 11; count += 1) pages.push(plain(await tryOn(form, login, 'wrong', from), login));
      return pages;
    };
    const byEmail = await pagesOf(owner.email);
    expect(byEmail.map(({ status }) => status)).toEqual([...Array<number>(10).fill(422), 429]);
    // Not evaluated any more, and not told.
    const right = plain(await tryOn(form, owner.username, password, from), owner.username);
    const nobody = `nobody-${people}`;
    const wrong = plain(await tryOn(form, nobody, 'wrong', from), nobody);
    expect(right).toEqual(wrong);
    expect((await pagesOf(owner.username)).slice(0, 10)).toEqual((await pagesOf(nobody)).slice(0, 10));
    expect(byEmail[10]).toEqual(plain(await tryOn(form, nobody, 'wrong', from), nobody));
  });

  test('after several wrong attempts the page says that the right password may be refused', async () => {
    const from = freshAddress();
    let page = await formOf(from);
    const hints = [];
    for (let count = 0; count < 3; count += 1) {
      page = await tryOn(page, owner.username, 'wrong', from);
      hints.push(page.text.includes('the right password is refused too'));
    }
    expect(hints).toEqual([false, false, true]);
  });
});

test('D06 an office behind one address is not locked by the typing errors of a hundred people', async () => {
  const office = freshAddress();
  const form = await formOf(office);
  const pages = [];
  for (let round = 0; round < 6; round += 1) {
    const everybody = Array.from({ length: 20 }, (_, index) => tryOn(form, `person-${index}`, 'wrong', office));
    pages.push(...(await Promise.all(everybody)));
  }
  expect(pages.map(({ status }) => status)).toEqual(Array<number>(120).fill(422));
  expect(isIn(await tryOn(form, owner.username, password, office))).toBe(true);
});

test('D07 a spray over many addresses is stopped for devices that are not known, and told to the operator once', async () => {
  const strict = await startFrontdesk({
    sameDeploymentAs: one,
    settings: { ...settings, RATE_LIMIT_FACTOR: '0.1' },
  });
  const browser = await knownBrowser();
  const form = await formOf(freshAddress(), strict);
  const pages = await Promise.all(
    Array.from({ length: 100 }, (_, index) => tryOn(form, `victim-${index}`, 'Spring2026!', freshAddress())),
  );
  const counts = [422, 429].map((status) => pages.filter((page) => page.status === status).length);
  expect(counts).toEqual([50, 50]);
  const refused = await tryOn(form, owner.username, password, freshAddress());
  expect([refused.status, refused.text]).toEqual([
    429,
    expect.stringMatching(
      /very many wrong attempts at the moment. Wait 5 minutes, or .* where you have signed in before/,
    ),
  ]);
  const same = newBrowser(one, strict.port);
  for (const cookie of await cookiesOf(browser)) await same.jar.setCookie(cookie, one.issuer);
  expect(isIn(await signIn(await open(same, freshAddress()), owner.username))).toBe(true);

  const lines = strict.logged.filter((line) => line.includes('sign-in attempts are used up'));
  const brake = lines.filter((line) => (JSON.parse(line) as { budgets: string[] }).budgets.includes('everywhere'));
  expect(brake).toHaveLength(1);
});

test('D05 operators are told once which budget is used up, where, and of which account', async () => {
  const from = freshAddress();
  const form = await formOf(from);
  for (let count = 0; count < 15; count += 1) await tryOn(form, owner.username, 'wrong', from);
  const lines = one.logged.filter((line) => line.includes(owner.id) && line.includes('used up'));
  expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
    expect.objectContaining({
      level: 'warn',
      accountId: owner.id,
      budgets: expect.arrayContaining(['account-network', 'name-network']),
      network: from['x-forwarded-for'],
    }),
  ]);
  const events = await runSql<{ detail: object }>(
    one.db,
    `select detail, ip from audit_events where kind = 'sign-in.limited' and account_id = '${owner.id}'`,
  );
  expect(events).toEqual([
    {
      detail: { budgets: expect.arrayContaining(['account-network', 'name-network']) },
      ip: from['x-forwarded-for'],
    },
  ]);
});
