/** Tests sign-in, consent and single sign-on at two apps. */
import { decodeJwt, decodeProtectedHeader } from 'jose';
import {
  ann,
  audience,
  ben,
  notesApi,
  siteA,
  siteB,
  type Person,
  type RegisteredApp,
} from '../support/people-and-apps.ts';
import {
  responseParameters,
  authorize,
  codeFor,
  exchange,
  newBrowser,
  signIn,
  userinfo,
  type Tokens,
} from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';

let frontdesk: Frontdesk;
let person: Person;
let appA: RegisteredApp;
let appB: RegisteredApp;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await notesApi(frontdesk);
  person = await ann(frontdesk);
  appA = await siteA(frontdesk);
  appB = await siteB(frontdesk);
});

test('a person signs in at site A, which gets tokens and claims', async () => {
  const browser = newBrowser(frontdesk);
  const request = authorize(frontdesk, appA);
  const form = await browser.visit(request.url);
  expect(form.status).toBe(200);
  expect(form.text).toContain('Sign in to Site A');

  const before = Math.floor(Date.now() / 1000);
  const { code, state, iss } = responseParameters(await signIn(form, 'ann'));
  expect({ state, iss }).toEqual({ state: request.state, iss: frontdesk.issuer });

  const response = await exchange(frontdesk, appA, { code: code!, verifier: request.verifier });
  expect(response.status).toBe(200);
  expect(response.headers['cache-control']).toBe('no-store');
  const tokens = response.json<Tokens>();
  const claims = decodeJwt(tokens.id_token!);
  expect(claims).toMatchObject({ iss: frontdesk.issuer, aud: 'site-a', sub: person.id, nonce: request.nonce });
  expect(claims).toMatchObject({ acr: 'aal1', amr: ['pwd'], sid: expect.any(String) });
  expect(Number(claims['auth_time'])).toBeGreaterThanOrEqual(before);
  expect((await userinfo(frontdesk, tokens.access_token)).json()).toEqual(
    expect.objectContaining({ sub: person.id, name: 'Ann Archer', email: 'ann@example.com', email_verified: true }),
  );
});

test.each(['\u200bann@example.com', 'mailto:ann@example.com', '\ufeffann\u00a0', '\u2068an\u00adn\u2069'])(
  'a person signs in with the login %j, which has invisible characters',
  async (login) => {
    const browser = newBrowser(frontdesk);
    const response = await signIn(await browser.visit(authorize(frontdesk, appA).url), login);
    expect(responseParameters(response)['code']).toBeTruthy();
  },
);

test('a person who signed in at site A gets no sign-in page at site B, and vice versa', async () => {
  for (const [first, second] of [
    [appA, appB],
    [appB, appA],
  ] as const) {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, first));
    const page = await browser.visit(authorize(frontdesk, second).url);
    // Site B is third-party, so its first request shows the consent page.
    expect(page.root.querySelector('input[name=login]')).toBeNull();
    const code =
      page.status === 303 ? responseParameters(page)['code'] : responseParameters(await page.submit())['code'];
    expect(code).toBeTruthy();
  }
});

test('a person consents to a third-party app once for all browsers', async () => {
  const parameters = { scope: 'openid email notes:write', resource: audience };
  const first = newBrowser(frontdesk);
  const consentPage = await signIn(await first.visit(authorize(frontdesk, appB, parameters).url), 'ann@example.com');
  expect(consentPage.text).toContain('Site B asks for access');
  expect(consentPage.text).toContain('See your e-mail address');
  expect(consentPage.text).toContain('Change your notes');
  expect(consentPage.text).not.toContain('Read your notes');
  expect(responseParameters(await consentPage.submit())['code']).toBeTruthy();

  const second = newBrowser(frontdesk);
  const response = await signIn(await second.visit(authorize(frontdesk, appB, parameters).url), 'ann');
  expect(responseParameters(response)['code']).toBeTruthy();
});

test('an access token for an API is a JWT of RFC 9068 with the sid', async () => {
  const browser = newBrowser(frontdesk);
  const request = authorize(frontdesk, appB, { scope: 'openid notes:read', resource: audience });
  const code = await codeFor(browser, request);
  const tokens = (await exchange(frontdesk, appB, { code, verifier: request.verifier })).json<Tokens>();
  expect(decodeProtectedHeader(tokens.access_token)).toMatchObject({ typ: 'at+jwt', alg: 'ES256' });
  const claims = decodeJwt(tokens.access_token);
  const { sid } = decodeJwt(tokens.id_token!);
  expect(claims).toMatchObject({ iss: frontdesk.issuer, aud: audience, client_id: 'site-b', scope: 'notes:read', sid });
  expect(claims).toMatchObject({ acr: 'aal1', amr: ['pwd'], auth_time: expect.any(Number) });
  expect(claims.exp! - claims.iat!).toBe(300);
});

test('after a wrong password the sign-in page shows an error, keeps the login, and accepts the right password', async () => {
  const browser = newBrowser(frontdesk);
  const form = await browser.visit(authorize(frontdesk, appA).url);
  const refused = await signIn(form, 'ann@example.com', 'not the password');
  expect(refused.status).toBe(422);
  expect(refused.text).toContain('That name and password do not go together');
  expect(refused.root.querySelector('input[name=login]')?.getAttribute('value')).toBe('ann@example.com');
  expect(refused.root.querySelector('input[name=password]')?.getAttribute('value')).toBeUndefined();
  expect(responseParameters(await signIn(refused, 'ann@example.com'))['code']).toBeTruthy();
});

test('D04 an unknown login gets the same page as a wrong password, for the same CPU time', async () => {
  /** One attempt, and the CPU time of all threads for it, which the load of the machine hardly changes. */
  const attempt = async (login: string) => {
    const form = await newBrowser(frontdesk).visit(authorize(frontdesk, appA).url);
    const before = process.cpuUsage();
    const { status, text } = await signIn(form, login, 'not the password');
    const { user, system } = process.cpuUsage(before);
    return { cpuMicroseconds: user + system, page: [status, text] };
  };
  const [known, unknown] = [[], []] as Awaited<ReturnType<typeof attempt>>[][];
  for (let round = 0; round < 8; round += 1) {
    known!.push(await attempt('ann'));
    unknown!.push(await attempt('nobody'));
  }
  expect(unknown!.map(({ page }) => page)).toEqual(known!.map(({ page }) => page));
  const costs = [known, unknown].map((list) => Math.min(...list!.map(({ cpuMicroseconds }) => cpuMicroseconds)));
  expect(costs[1]! / costs[0]!).toBeGreaterThan(0.5);
  expect(costs[1]! / costs[0]!).toBeLessThan(2);
});

test('an empty sign-in form gets a page that asks for login and password', async () => {
  const browser = newBrowser(frontdesk);
  const refused = await (await browser.visit(authorize(frontdesk, appA).url)).submit({ login: ' ', password: '' });
  expect(refused.status).toBe(422);
  expect(refused.text).toContain('Enter your e-mail address or username, and your password.');
});

test('"Cancel" redirects to the app with access_denied', async () => {
  const browser = newBrowser(frontdesk);
  const request = authorize(frontdesk, appA);
  const response = await (await browser.visit(request.url)).submit({}, { button: '[data-action=cancel]' });
  expect(response.location).toMatch(/^http:\/\/site-a\.localhost:9\/callback\?/);
  expect(responseParameters(response)).toMatchObject({
    error: 'access_denied',
    state: request.state,
    iss: frontdesk.issuer,
  });
});

test('the page of an expired interaction links to the app', async () => {
  const browser = newBrowser(frontdesk);
  const form = await browser.visit(authorize(frontdesk, appA).url);
  const expired = await newBrowser(frontdesk).visit(form.url);
  expect(expired.status).toBe(400);
  expect(expired.text).toContain('This page has expired');
  expect(expired.root.querySelector('a.button')?.getAttribute('href')).toBe('http://site-a.localhost:9');
});

test('a sign-in page that is reloaded after a sign-in in another tab redirects to the app', async () => {
  const browser = newBrowser(frontdesk);
  const openPage = await browser.visit(authorize(frontdesk, appA).url);
  await codeFor(browser, authorize(frontdesk, appA));
  const reloaded = await browser.visit(openPage.url);
  expect(responseParameters(reloaded)['code']).toBeTruthy();
});

test('"Not you?" on the consent page opens a sign-in page for another person', async () => {
  await ben(frontdesk);
  const browser = newBrowser(frontdesk);
  await codeFor(browser, authorize(frontdesk, appA));
  const consentPage = await browser.visit(authorize(frontdesk, appB, { prompt: 'consent' }).url);
  const signInPage = await browser.visit(
    new URL(consentPage.root.querySelector('.person a')!.getAttribute('href')!, consentPage.url).href,
  );
  const consentPageOfBen = await signIn(signInPage, 'ben');
  expect(consentPageOfBen.text).toContain('Signed in as Ben Baker');
});
