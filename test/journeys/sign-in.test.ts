/** Single sign-on at two apps. */
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

test('a person signs in at site A, and the tokens say so', async () => {
  const browser = newBrowser(frontdesk);
  const request = authorize(frontdesk, appA);
  const form = await browser.visit(request.url);
  expect(form.status).toBe(200);
  expect(form.text).toContain('Sign in to Site A');

  const before = Math.floor(Date.now() / 1000);
  const back = await signIn(form, 'ann');
  const { code, state, iss } = responseParameters(back);
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
  'the name %j, pasted with characters that nobody sees, signs in',
  async (login) => {
    const browser = newBrowser(frontdesk);
    const back = await signIn(await browser.visit(authorize(frontdesk, appA).url), login);
    expect(responseParameters(back)['code']).toBeTruthy();
  },
);

test('a person who signed in at site A need not at site B, and the other way round', async () => {
  for (const [first, second] of [
    [appA, appB],
    [appB, appA],
  ] as const) {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, first));
    const page = await browser.visit(authorize(frontdesk, second).url);
    // At most the consent page, once.
    expect(page.root.querySelector('input[name=login]')).toBeNull();
    const code =
      page.status === 303 ? responseParameters(page)['code'] : responseParameters(await page.submit())['code'];
    expect(code).toBeTruthy();
  }
});

test('consent for a third-party app is asked for once, for all browsers of the person', async () => {
  const parameters = { scope: 'openid email notes:write', resource: audience };
  const first = newBrowser(frontdesk);
  const consent = await signIn(await first.visit(authorize(frontdesk, appB, parameters).url), 'ann@example.com');
  expect(consent.text).toContain('Site B asks for access');
  expect(consent.text).toContain('See your e-mail address');
  expect(consent.text).toContain('Change your notes');
  expect(consent.text).not.toContain('Read your notes');
  expect(responseParameters(await consent.submit())['code']).toBeTruthy();

  const second = newBrowser(frontdesk);
  const back = await signIn(await second.visit(authorize(frontdesk, appB, parameters).url), 'ann');
  expect(responseParameters(back)['code']).toBeTruthy();
});

test('an access token for an API is a JWT of RFC 9068 with the sid', async () => {
  const browser = newBrowser(frontdesk);
  const request = authorize(frontdesk, appB, { scope: 'openid notes:read', resource: audience });
  const code = await codeFor(browser, request);
  const tokens = (await exchange(frontdesk, appB, { code, verifier: request.verifier })).json<Tokens>();
  expect(decodeProtectedHeader(tokens.access_token)).toMatchObject({ typ: 'at+jwt', alg: 'ES256' });
  const pass = decodeJwt(tokens.access_token);
  const { sid } = decodeJwt(tokens.id_token!);
  expect(pass).toMatchObject({ iss: frontdesk.issuer, aud: audience, client_id: 'site-b', scope: 'notes:read', sid });
  expect(pass).toMatchObject({ acr: 'aal1', amr: ['pwd'], auth_time: expect.any(Number) });
  expect(pass.exp! - pass.iat!).toBe(300);
});

test('after a wrong password the form says so, keeps the name, and can be sent again', async () => {
  const browser = newBrowser(frontdesk);
  const form = await browser.visit(authorize(frontdesk, appA).url);
  const again = await signIn(form, 'ann@example.com', 'not the password');
  expect(again.status).toBe(422);
  expect(again.text).toContain('That name and password do not go together');
  expect(again.root.querySelector('input[name=login]')?.getAttribute('value')).toBe('ann@example.com');
  expect(again.root.querySelector('input[name=password]')?.getAttribute('value')).toBeUndefined();
  expect(responseParameters(await signIn(again, 'ann@example.com'))['code']).toBeTruthy();
});

test('D04 an unknown account gets the same page as a wrong password, after the same work', async () => {
  /** Processor time of this process for one attempt, all threads, which the load of the machine hardly changes. */
  const attempt = async (login: string) => {
    const form = await newBrowser(frontdesk).visit(authorize(frontdesk, appA).url);
    const before = process.cpuUsage();
    const { status, text } = await signIn(form, login, 'not the password');
    const { user, system } = process.cpuUsage(before);
    return { cost: user + system, shown: [status, text] };
  };
  const [known, unknown] = [[], []] as Awaited<ReturnType<typeof attempt>>[][];
  for (let round = 0; round < 8; round += 1) {
    known!.push(await attempt('ann'));
    unknown!.push(await attempt('nobody'));
  }
  expect(unknown!.map(({ shown }) => shown)).toEqual(known!.map(({ shown }) => shown));
  const costs = [known, unknown].map((list) => Math.min(...list!.map(({ cost }) => cost)));
  expect(costs[1]! / costs[0]!).toBeGreaterThan(0.5);
  expect(costs[1]! / costs[0]!).toBeLessThan(2);
});

test('an empty form says what is missing', async () => {
  const browser = newBrowser(frontdesk);
  const again = await (await browser.visit(authorize(frontdesk, appA).url)).submit({ login: ' ', password: '' });
  expect(again.status).toBe(422);
  expect(again.text).toContain('Enter your e-mail address or username, and your password.');
});

test('cancel goes back to the app with access_denied', async () => {
  const browser = newBrowser(frontdesk);
  const request = authorize(frontdesk, appA);
  const back = await (await browser.visit(request.url)).submit({}, { button: '[data-action=cancel]' });
  expect(back.location).toMatch(/^http:\/\/site-a\.localhost:9\/callback\?/);
  expect(responseParameters(back)).toMatchObject({
    error: 'access_denied',
    state: request.state,
    iss: frontdesk.issuer,
  });
});

test('an expired page says so, and links to the app', async () => {
  const browser = newBrowser(frontdesk);
  const form = await browser.visit(authorize(frontdesk, appA).url);
  const over = await newBrowser(frontdesk).visit(form.url);
  expect(over.status).toBe(400);
  expect(over.text).toContain('This page has expired');
  expect(over.root.querySelector('a.button')?.getAttribute('href')).toBe('http://site-a.localhost:9');
});

test('a sign-in page in a second tab goes on once the person has signed in', async () => {
  const browser = newBrowser(frontdesk);
  const waiting = await browser.visit(authorize(frontdesk, appA).url);
  await codeFor(browser, authorize(frontdesk, appA));
  const back = await browser.visit(waiting.url);
  expect(responseParameters(back)['code']).toBeTruthy();
});

test('"Not you?" on the consent page leads to another sign-in', async () => {
  await ben(frontdesk);
  const browser = newBrowser(frontdesk);
  await codeFor(browser, authorize(frontdesk, appA));
  const consent = await browser.visit(authorize(frontdesk, appB, { prompt: 'consent' }).url);
  const other = await browser.visit(
    new URL(consent.root.querySelector('.person a')!.getAttribute('href')!, consent.url).href,
  );
  const asked = await signIn(other, 'ben');
  expect(asked.text).toContain('Signed in as Ben Baker');
});
