/** Requirements of README.md beside this file: D05, D06, D07. Tests that password guesses are limited and that the owner can still sign in on a known device. */
import { setPassword } from '../../src/accounts/set-password.ts';
import { password, person, siteA, type Person, type RegisteredApp } from '../support/people-and-apps.ts';
import { runSql } from '../support/database.ts';
import { authorize, newBrowser, responseParameters, signIn } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import type { Browser, Page } from '../support/browser.ts';

let frontdesk: Frontdesk;
let secondServer: Frontdesk;
let site: RegisteredApp;
let owner: Person;

const settings = { TRUSTED_PROXIES: '1' };
beforeAll(async () => {
  frontdesk = await startFrontdesk({ settings });
  secondServer = await startFrontdesk({ sameDeploymentAs: frontdesk, settings });
  site = await siteA(frontdesk);
});

let personCount = 0;
beforeEach(async () => {
  await runSql(frontdesk.db, 'delete from sign_in_attempts');
  owner = await person(frontdesk, `owner-${(personCount += 1)}`, 'Owner');
});

let lastAddress = 0;
/** The header that gives a request an address that no request has had. */
const freshAddress = () => {
  lastAddress += 1;
  return { 'x-forwarded-for': `10.${lastAddress >> 8}.${lastAddress & 255}.1` };
};

type AddressHeader = Record<string, string>;
const openForm = (browser: Browser, address: AddressHeader, more = {}) =>
  browser.visit(authorize(frontdesk, site, more).url, { headers: address });
const formOf = (address: AddressHeader, server = frontdesk): Promise<Page> =>
  openForm(newBrowser(frontdesk, server.port), address);
const submitPassword = (form: Page, login: string, secret: string, address: AddressHeader) =>
  form.submit({ login, password: secret }, { headers: address });

/** Submits wrong passwords, each from another address, until the name is refused on unknown devices. @returns a refusal */
async function guessUntilRefused(login: string): Promise<Page> {
  const form = await formOf(freshAddress());
  const pages = [];
  for (let round = 0; round < 4; round += 1) {
    const guesses = Array.from({ length: 26 }, () => submitPassword(form, login, 'wrong', freshAddress()));
    pages.push(...(await Promise.all(guesses)));
  }
  expect(pages.filter(({ status }) => status === 422)).toHaveLength(100);
  return pages.find(({ status }) => status === 429)!;
}

/** The page without the parts that differ from request to request. */
const withoutVariableParts = ({ status, text, headers }: Page, login: string) => ({
  status,
  text: text.replaceAll(login, 'LOGIN'),
  headers: Object.keys(headers).toSorted(),
});

const isSignedIn = (page: Page): boolean => page.status === 303 && responseParameters(page)['code'] !== undefined;

async function knownBrowser(login = owner.username): Promise<Browser> {
  const browser = newBrowser(frontdesk);
  expect(isSignedIn(await signIn(await openForm(browser, freshAddress()), login))).toBe(true);
  return browser;
}
const cookiesOf = async (browser: Browser) =>
  (await browser.jar.getCookies(frontdesk.issuer)).filter(({ key }) => key.startsWith('fd_known_'));

describe('D05', () => {
  test('two servers together evaluate ten of 100 concurrent guesses', async () => {
    const address = freshAddress();
    const forms = [await formOf(address), await formOf(address, secondServer)];
    const secret = (index: number) => (index === 50 ? 'wrong' : `wrong ${index}`);
    const pages = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        submitPassword(forms[index % 2]!, owner.username, secret(index), address),
      ),
    );
    const counts = [422, 429].map((status) => pages.filter((page) => page.status === status).length);
    expect(counts).toEqual([10, 90]);
    const events = await runSql(
      frontdesk.db,
      `select from audit_events where kind = 'sign-in.failed' and account_id = '${owner.id}'`,
    );
    expect(events).toHaveLength(10);
  });

  test('a refusal says how long to wait, and to use a known device', async () => {
    const address = freshAddress();
    let page = await formOf(address);
    for (let count = 0; count < 11; count += 1) page = await submitPassword(page, owner.username, 'wrong', address);
    expect(page.status).toBe(429);
    expect(Number(page.headers['retry-after'])).toBeGreaterThan(800);
    expect(page.text).toMatch(
      /Wait 15 minutes, also with your other name, or sign in on a device where you have signed in before/,
    );
    const pageOfRightPassword = await submitPassword(page, owner.username, password, address);
    expect(pageOfRightPassword.status).toBe(429);
  });
});

describe('D06', () => {
  test('guesses of an attacker do not lock the owner out on a known device, on any network', async () => {
    const browser = await knownBrowser();
    const refused = await guessUntilRefused(owner.username);
    expect(refused.text).toContain('sign in on a device where you have signed in before');
    const pageElsewhere = await submitPassword(await formOf(freshAddress()), owner.username, password, freshAddress());
    expect(pageElsewhere.status).toBe(429);
    for (const login of [owner.username, owner.email]) {
      const form = await openForm(browser, freshAddress(), { prompt: 'login' });
      expect(isSignedIn(await signIn(form, login))).toBe(true);
    }
  });

  test('ten guesses from one network lock nobody out on other networks', async () => {
    const address = freshAddress();
    const form = await formOf(address);
    for (let count = 0; count < 11; count += 1) await submitPassword(form, owner.username, 'wrong', address);
    expect((await submitPassword(form, owner.username, password, address)).status).toBe(429);
    const otherAddress = freshAddress();
    expect(isSignedIn(await submitPassword(await formOf(otherAddress), owner.username, password, otherAddress))).toBe(
      true,
    );
  });

  test('a device stays known after a sign-out everywhere, and becomes unknown with a new password', async () => {
    const browser = await knownBrowser();
    const devices = await browser.visit(`${frontdesk.issuer}/account/devices`);
    await devices.submit({}, { button: 'form[action$=end-all] button' });
    await guessUntilRefused(owner.username);
    expect(isSignedIn(await signIn(await openForm(browser, freshAddress()), owner.username))).toBe(true);

    const newPassword = 'another horse battery staple';
    await setPassword(frontdesk.db, frontdesk.app.hasher, {
      accountId: owner.id,
      password: newPassword,
      by: 'command-line',
    });
    const form = await openForm(browser, freshAddress());
    expect((await submitPassword(form, owner.username, newPassword, freshAddress())).status).toBe(429);
  });

  test('guesses on a known device are limited too, and its cookie does not help with other accounts', async () => {
    const browser = await knownBrowser();
    const form = await openForm(browser, freshAddress(), { prompt: 'login' });
    const statuses = [];
    for (let count = 0; count < 11; count += 1) {
      statuses.push((await submitPassword(form, owner.username, 'wrong', freshAddress())).status);
    }
    expect(statuses).toEqual([...Array<number>(10).fill(422), 429]);
    // Other devices are not affected.
    const otherAddress = freshAddress();
    expect(isSignedIn(await submitPassword(await formOf(otherAddress), owner.username, password, otherAddress))).toBe(
      true,
    );

    const otherPerson = await person(frontdesk, `other-${personCount}`, 'Other');
    await guessUntilRefused(otherPerson.username);
    expect((await submitPassword(form, otherPerson.username, password, freshAddress())).status).toBe(429);
  });

  test('a browser has one cookie for each account, five at most; a sign-in replaces it, and it does not contain the account', async () => {
    const browser = await knownBrowser();
    const [firstCookie] = await cookiesOf(browser);
    expect(await signIn(await openForm(browser, freshAddress(), { prompt: 'login' }), owner.email)).toMatchObject({
      status: 303,
    });
    const [secondCookie, ...others] = await cookiesOf(browser);
    expect(others).toEqual([]);
    expect([secondCookie!.key, secondCookie!.value === firstCookie!.value]).toEqual([firstCookie!.key, false]);
    expect(secondCookie).toMatchObject({ httpOnly: true, sameSite: 'lax', path: '/', hostOnly: true });
    expect(secondCookie!.TTL()).toBeGreaterThan(170 * 24 * 60 * 60 * 1000);
    expect(JSON.stringify(secondCookie)).not.toMatch(new RegExp(`${owner.id}|${owner.username}`));

    for (let count = 0; count < 6; count += 1) {
      const nextPerson = await person(frontdesk, `five-${personCount}-${count}`, 'Somebody');
      expect(
        isSignedIn(await signIn(await openForm(browser, freshAddress(), { prompt: 'login' }), nextPerson.username)),
      ).toBe(true);
    }
    const all = await cookiesOf(browser);
    expect(all).toHaveLength(5);
    expect(all.map(({ key }) => key)).not.toContain(firstCookie!.key);
  });

  test('two names of an account share one budget, and their pages do not differ from those of unknown names', async () => {
    const address = freshAddress();
    const form = await formOf(address);
    const pagesOf = async (login: string) => {
      const pages = [];
      for (let count = 0; count < 11; count += 1)
        pages.push(withoutVariableParts(await submitPassword(form, login, 'wrong', address), login));
      return pages;
    };
    const byEmail = await pagesOf(owner.email);
    expect(byEmail.map(({ status }) => status)).toEqual([...Array<number>(10).fill(422), 429]);
    // The right password is not evaluated, and the page does not say so.
    const pageOfRightPassword = withoutVariableParts(
      await submitPassword(form, owner.username, password, address),
      owner.username,
    );
    const unknownName = `nobody-${personCount}`;
    const pageOfWrongPassword = withoutVariableParts(
      await submitPassword(form, unknownName, 'wrong', address),
      unknownName,
    );
    expect(pageOfRightPassword).toEqual(pageOfWrongPassword);
    expect((await pagesOf(owner.username)).slice(0, 10)).toEqual((await pagesOf(unknownName)).slice(0, 10));
    expect(byEmail[10]).toEqual(
      withoutVariableParts(await submitPassword(form, unknownName, 'wrong', address), unknownName),
    );
  });

  test('after several wrong attempts the page warns that the right password may be refused', async () => {
    const address = freshAddress();
    let page = await formOf(address);
    const hints = [];
    for (let count = 0; count < 3; count += 1) {
      page = await submitPassword(page, owner.username, 'wrong', address);
      hints.push(page.text.includes('the right password is refused too'));
    }
    expect(hints).toEqual([false, false, true]);
  });
});

test('D06 typing errors of many people do not lock out an office behind one address', async () => {
  const office = freshAddress();
  const form = await formOf(office);
  const pages = [];
  for (let round = 0; round < 6; round += 1) {
    const attempts = Array.from({ length: 20 }, (_, index) => submitPassword(form, `person-${index}`, 'wrong', office));
    pages.push(...(await Promise.all(attempts)));
  }
  expect(pages.map(({ status }) => status)).toEqual(Array<number>(120).fill(422));
  expect(isSignedIn(await submitPassword(form, owner.username, password, office))).toBe(true);
});

test('D07 password spraying from many addresses is stopped on unknown devices and logged once', async () => {
  const strict = await startFrontdesk({
    sameDeploymentAs: frontdesk,
    settings: { ...settings, RATE_LIMIT_FACTOR: '0.1' },
  });
  const browser = await knownBrowser();
  const form = await formOf(freshAddress(), strict);
  const pages = await Promise.all(
    Array.from({ length: 100 }, (_, index) => submitPassword(form, `victim-${index}`, 'Spring2026!', freshAddress())),
  );
  const counts = [422, 429].map((status) => pages.filter((page) => page.status === status).length);
  expect(counts).toEqual([50, 50]);
  const refused = await submitPassword(form, owner.username, password, freshAddress());
  expect([refused.status, refused.text]).toEqual([
    429,
    expect.stringMatching(
      /very many wrong attempts at the moment. Wait 5 minutes, or .* where you have signed in before/,
    ),
  ]);
  const browserAtStrictServer = newBrowser(frontdesk, strict.port);
  for (const cookie of await cookiesOf(browser)) await browserAtStrictServer.jar.setCookie(cookie, frontdesk.issuer);
  expect(isSignedIn(await signIn(await openForm(browserAtStrictServer, freshAddress()), owner.username))).toBe(true);

  const lines = strict.logged.filter((line) => line.includes('sign-in attempts are used up'));
  const linesAboutAllNetworks = lines.filter((line) =>
    (JSON.parse(line) as { budgets: string[] }).budgets.includes('everywhere'),
  );
  expect(linesAboutAllNetworks).toHaveLength(1);
});

test('D05 the log names a used-up budget, its network and its account once', async () => {
  const address = freshAddress();
  const form = await formOf(address);
  for (let count = 0; count < 15; count += 1) await submitPassword(form, owner.username, 'wrong', address);
  const lines = frontdesk.logged.filter((line) => line.includes(owner.id) && line.includes('used up'));
  expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
    expect.objectContaining({
      level: 'warn',
      accountId: owner.id,
      budgets: expect.arrayContaining(['account-network', 'name-network']),
      network: address['x-forwarded-for'],
    }),
  ]);
  const events = await runSql<{ detail: object }>(
    frontdesk.db,
    `select detail, ip from audit_events where kind = 'sign-in.limited' and account_id = '${owner.id}'`,
  );
  expect(events).toEqual([
    {
      detail: { budgets: expect.arrayContaining(['account-network', 'name-network']) },
      ip: address['x-forwarded-for'],
    },
  ]);
});
