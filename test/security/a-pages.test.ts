/** security.md, part A: sessions, cookies, pages. Each test is named by its number. */
import { app, ann, siteA, siteB, notesApi, type RegisteredApp } from '../support/cast.ts';
import { dump, statement } from '../support/database.ts';
import { answerIn, authorize, codeFor, newBrowser, signIn } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import type { Browser, Page } from '../support/browser.ts';
import { Refusal } from '../../src/errors.ts';

let desk: Frontdesk;
let appA: RegisteredApp;
let appB: RegisteredApp;

beforeAll(async () => {
  desk = await startFrontdesk();
  await notesApi(desk);
  await ann(desk);
  appA = await siteA(desk);
  appB = await siteB(desk);
});
afterAll(() => desk.close());

const isSignInForm = (page: Page) => page.root.querySelector('input[name=login]') !== null;
const sessionCookie = (browser: Browser) => browser.cookie(desk.issuer, 'fd_session');
const anonymousSession = async () => {
  const browser = newBrowser(desk);
  await browser.ask(`${desk.issuer}/oauth/logout`);
  return browser;
};

test('A01 a planted session id never authenticates, and the id changes at sign-in', async () => {
  const attacker = await anonymousSession();
  const planted = await sessionCookie(attacker);
  expect(planted).toBeTruthy();
  const victim = await attacker.copy();
  await codeFor(victim, authorize(desk, appA));
  const after = await sessionCookie(victim);
  expect(after).toBeTruthy();
  expect(after).not.toBe(planted);
  expect(isSignInForm(await attacker.visit(authorize(desk, appA).url))).toBe(true);
  // Nor does the old id of somebody who signs in once more.
  const before = await victim.copy();
  await signIn(await victim.visit(authorize(desk, appA, { prompt: 'login' }).url), 'ann');
  expect(await sessionCookie(victim)).not.toBe(after);
  expect(isSignInForm(await before.visit(authorize(desk, appA).url))).toBe(true);
});

describe.each([
  ['http', {}],
  ['https', { ISSUER: 'https://idp.example' }],
])('A02 on %s', (scheme, settings) => {
  let other: Frontdesk;
  let site: RegisteredApp;
  beforeAll(async () => {
    other = await startFrontdesk({ settings });
    await ann(other);
    site = await siteA(other);
  });
  afterAll(() => other.close());

  test('every cookie is HttpOnly and SameSite, has no Domain, and on https is Secure and bound to its host', async () => {
    const browser = newBrowser(other, other.port);
    const cookies: string[] = [];
    const keep = async (url: string, form?: Record<string, string>) => {
      const answer = await browser.ask(url, form ? { form } : {});
      cookies.push(...(answer.headers['set-cookie'] ?? []));
      return answer;
    };
    const start = await keep(authorize(other, site).url);
    const page = start.location ? await browser.visit(start.location) : undefined;
    await keep(start.location!);
    const csrf = page!.root.querySelector('input[name=csrf]')!.getAttribute('value')!;
    const action = new URL(page!.root.querySelector('form')!.getAttribute('action')!, page!.url).href;
    const resume = await keep(action, { csrf, login: 'ann', password: 'correct horse battery staple' });
    await keep(resume.location!);
    await keep(`${other.issuer}/oauth/logout`);
    // A signature that does not fit makes the cookie library clear it, with flags of its own making.
    const name = scheme === 'https' ? '__Host-fd_session' : 'fd_session';
    const { ask: plain } = await import('../support/browser.ts');
    const forged = await plain(
      authorize(other, site).url,
      { headers: { cookie: `${name}=x; ${name}.sig=y` } },
      other.port,
    );
    cookies.push(...(forged.headers['set-cookie'] ?? []));

    expect(cookies.length).toBeGreaterThan(8);
    for (const cookie of cookies) {
      expect(cookie).toMatch(/; httponly/i);
      expect(cookie).toMatch(/; samesite=(lax|strict)/i);
      expect(cookie).not.toMatch(/; domain/i);
      if (scheme === 'http') continue;
      expect(cookie).toMatch(/; secure/i);
      expect(cookie).toMatch(/^(__Host-[^;]+;.*path=\/(;|$)|__Secure-[^;]+;.*path=\/[a-z]+)/i);
    }
  });
});

describe('A03', () => {
  test('a session cookie without a signature, or with a wrong one, is nobody’s', async () => {
    const browser = newBrowser(desk);
    await codeFor(browser, authorize(desk, appA));
    const id = await sessionCookie(browser);
    const signature = await browser.cookie(desk.issuer, 'fd_session.sig');
    const { ask } = await import('../support/browser.ts');
    const wrong = `${signature!.startsWith('A') ? 'B' : 'A'}${signature!.slice(1)}`;
    for (const cookie of [`fd_session=${id}`, `fd_session=${id}; fd_session.sig=${wrong}`]) {
      const answer = await ask(authorize(desk, appA).url, { headers: { cookie } });
      expect(answer.location).toContain('/interaction/');
    }
    const right = await ask(authorize(desk, appA).url, {
      headers: { cookie: `fd_session=${id}; fd_session.sig=${signature}` },
    });
    expect(answerIn(right)['code']).toBeTruthy();
  });

  test('a new secret before the old one signs nobody out; without the old one its cookies are dead', async () => {
    const browser = newBrowser(desk);
    await codeFor(browser, authorize(desk, appA));
    const fresh = 'a-new-root-secret-of-more-than-32-characters';
    const jar = browser.jar;
    const openAt = async (secret: string) => {
      const process = await startFrontdesk({ beside: desk, settings: { SECRET: secret } });
      const { createBrowser } = await import('../support/browser.ts');
      const same = createBrowser((url) => !url.startsWith(desk.issuer), process.port, await jar.clone());
      const page = await same.visit(authorize(desk, appA).url);
      await process.close();
      return page;
    };
    expect(answerIn(await openAt(`${fresh},${desk.secret}`))['code']).toBeTruthy();
    expect(isSignInForm(await openAt(fresh))).toBe(true);
    // Sealed again under the first secret, so that the tests after this one find their keys.
    await (await startFrontdesk({ beside: desk, settings: { SECRET: `${desk.secret},${fresh}` } })).close();
  });

  test('cookies are signed with SHA-256', async () => {
    const browser = await anonymousSession();
    expect(Buffer.from((await browser.cookie(desk.issuer, 'fd_session.sig'))!, 'base64url')).toHaveLength(32);
  });
});

/** Ways in which another site could make a browser send one of our forms. */
const foreign: [string, Record<string, string>][] = [
  ['from another origin', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
  ['from another origin, by an old browser', { origin: 'https://evil.example', 'sec-fetch-site': '' }],
  ['from a page without an origin', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
  ['from a subdomain', { 'sec-fetch-site': 'same-site' }],
  ['as text/plain', { 'content-type': 'text/plain' }],
  ['as JSON', { 'content-type': 'application/json' }],
];

/** Jobs come and go by the minute, whatever a request does. */
const everyRow = async () => (await dump(desk.db)).replace(/-- graphile_worker\.\w+\n[^]*?(?=-- \w+\.|$)/g, '');
const rowsOf = async () =>
  (await everyRow()).replace(/-- public\.(rate_limits|audit_events\w*)\n[^]*?(?=-- \w+\.|$)/g, '');

describe('A08 the sign-in form', () => {
  test.each(foreign)('sent %s does nothing', async (_how, headers) => {
    const browser = newBrowser(desk);
    const form = await browser.visit(authorize(desk, appA).url);
    const before = await rowsOf();
    const answer = await form.submit({ login: 'ann', password: 'correct horse battery staple' }, { headers });
    expect(answer.status).toBe(403);
    expect(await sessionCookie(browser)).toBeUndefined();
    expect(await rowsOf()).toBe(before);
  });

  test.each([
    ['without its token', async () => ''],
    [
      'with the token of another interaction',
      async (browser: Browser) =>
        (await browser.visit(authorize(desk, appA).url)).root.querySelector('input[name=csrf]')!.getAttribute('value')!,
    ],
    [
      'with the token of another browser',
      async () =>
        (await newBrowser(desk).visit(authorize(desk, appA).url)).root
          .querySelector('input[name=csrf]')!
          .getAttribute('value')!,
    ],
  ])('%s does nothing', async (_how, token) => {
    const browser = newBrowser(desk);
    const form = await browser.visit(authorize(desk, appA).url);
    const csrf = await token(browser);
    const answer = await form.submit({ login: 'ann', password: 'correct horse battery staple', csrf });
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('This form is not the one we gave this browser');
    expect(await sessionCookie(browser)).toBeUndefined();
  });
});

describe('A09 the consent form', () => {
  const consentPage = async (browser: Browser) => {
    await codeFor(browser, authorize(desk, appA));
    return browser.visit(authorize(desk, appB, { prompt: 'consent' }).url);
  };

  test.each(foreign)('sent %s changes no row', async (_how, headers) => {
    const page = await consentPage(newBrowser(desk));
    const before = await rowsOf();
    expect((await page.submit({}, { headers })).status).toBe(403);
    expect(await rowsOf()).toBe(before);
  });

  test('without its token changes no row', async () => {
    const page = await consentPage(newBrowser(desk));
    const before = await rowsOf();
    expect((await page.submit({ csrf: '' })).status).toBe(403);
    expect(await rowsOf()).toBe(before);
  });

  test('the sign-out form needs its token too', async () => {
    const browser = newBrowser(desk);
    await codeFor(browser, authorize(desk, appA));
    const page = await browser.visit(`${desk.issuer}/oauth/logout`);
    expect((await page.submit({ logout: 'yes', xsrf: 'guessed' })).status).toBe(400);
    expect(answerIn(await browser.visit(authorize(desk, appA).url))['code']).toBeTruthy();
  });
});

describe('A11', () => {
  test('GET and HEAD of our pages change nothing', async () => {
    const browser = newBrowser(desk);
    await codeFor(browser, authorize(desk, appA));
    const form = await newBrowser(desk).visit(authorize(desk, appA).url);
    const consent = await browser.visit(authorize(desk, appB, { prompt: 'consent' }).url);
    const before = await everyRow();
    for (const url of ['/', '/healthz', '/readyz', '/no-such-page', new URL(form.url).pathname]) {
      for (const method of ['GET', 'HEAD']) await browser.ask(`${desk.issuer}${url}`, { method });
    }
    await browser.visit(consent.url);
    await browser.visit(`${consent.url}&as=another`);
    expect(await everyRow()).toBe(before);
  });

  test('what strangers leave behind by GET is gone after 15 minutes', async () => {
    await newBrowser(desk).visit(authorize(desk, appA).url);
    await anonymousSession();
    const rows = await desk.db.read<{ seconds: number }>(
      statement(`select extract(epoch from max(expires_at) - now())::int as seconds from sessions where account_id is null
        union all select extract(epoch from max(expires_at) - now())::int from artifacts
        where kind = 'Interaction' and payload -> 'session' is null`),
    );
    for (const { seconds } of rows) expect(seconds).toBeLessThanOrEqual(15 * 60 + 15);
    expect(rows).toHaveLength(2);
  });

  test('and a flood of it is turned away', async () => {
    const strict = await startFrontdesk({ beside: desk, settings: { RATE_LIMIT_FACTOR: '0.05' } });
    const answers = [];
    for (let count = 0; count < 14; count += 1) {
      answers.push(await newBrowser(strict, strict.port).ask(authorize(desk, appA).url));
    }
    await strict.close();
    expect(answers.map(({ status }) => status)).toEqual([...Array<number>(12).fill(303), 429, 429]);
    expect(Number(answers.at(-1)!.headers['retry-after'])).toBeGreaterThan(0);
    expect(answers.at(-1)!.body).toContain('There were too many requests from your network');
  });
});

describe('A12, A13, A17, A20: the headers of every page', () => {
  /** A page of every kind, errors and the library’s own among them. */
  const pages = async (): Promise<Record<string, Page>> => {
    const browser = newBrowser(desk);
    const form = await browser.visit(authorize(desk, appA).url);
    const wrong = await signIn(form, 'ann', 'wrong');
    await codeFor(browser, authorize(desk, appA));
    const consent = await browser.visit(authorize(desk, appB, { prompt: 'consent' }).url);
    const formPost = await browser.visit(authorize(desk, appA, { response_mode: 'form_post' }).url);
    const signOut = await browser.visit(`${desk.issuer}/oauth/logout`);
    const signedOut = await signOut.submit({ logout: 'yes' });
    return {
      ...{ form, wrong, consent, formPost, signOut, signedOut },
      welcome: await browser.visit(`${desk.issuer}/`),
      missing: await browser.visit(`${desk.issuer}/nothing/here`),
      expired: await browser.visit(form.url),
      client: await browser.visit(authorize(desk, { ...appA, id: 'nobody' }).url),
      redirect: await browser.visit(authorize(desk, appA, { redirect_uri: 'https://evil.example' }).url),
      forbidden: await form.submit({}, { headers: { 'sec-fetch-site': 'cross-site' } }),
      host: await browser.visit(`${desk.issuer}/`, { headers: { host: 'evil.example' } }),
      logout: await browser.visit(`${desk.issuer}/oauth/logout?id_token_hint=nonsense`),
    };
  };

  test('no frames, no inline scripts, no sniffing, no caching', async () => {
    for (const [name, page] of Object.entries(await pages())) {
      const { headers } = page;
      expect([name, headers['content-type']]).toEqual([name, 'text/html; charset=utf-8']);
      const policy = String(headers['content-security-policy']);
      expect([name, policy]).toEqual([name, expect.stringContaining("frame-ancestors 'none'")]);
      expect([name, policy]).toEqual([name, expect.not.stringMatching(/unsafe-inline|unsafe-eval|\*/)]);
      expect([name, policy]).toEqual([name, expect.stringContaining("object-src 'none'")]);
      expect([name, policy]).toEqual([name, expect.stringContaining("base-uri 'none'")]);
      expect([name, headers['x-content-type-options']]).toEqual([name, 'nosniff']);
      expect([name, headers['cache-control']]).toEqual([name, 'no-store']);
      expect([name, headers['cross-origin-opener-policy']]).toEqual([name, undefined]);
      const hasTokenInAddress = name === 'signOut' || name === 'logout';
      expect([name, headers['referrer-policy']]).toEqual([name, hasTokenInAddress ? 'no-referrer' : 'same-origin']);
      expect([name, page.root.querySelectorAll('script:not([src]), [style], [onclick]').length]).toEqual([name, 0]);
    }
  });

  test('A17 HSTS on https and not on http', async () => {
    const { ask } = await import('../support/browser.ts');
    expect((await ask(`${desk.issuer}/`)).headers['strict-transport-security']).toBeUndefined();
    const secure = await startFrontdesk({ settings: { ISSUER: 'https://idp.example' } });
    const answer = await ask('https://idp.example/', {}, secure.port);
    expect(answer.headers['strict-transport-security']).toBe('max-age=31536000');
    await secure.close();
  });
});

test('A15 nothing that looks like a way back in an address leads off this host', async () => {
  const browser = newBrowser(desk);
  for (const path of [
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    'https:evil.example',
    '%2f%2fevil.example',
  ]) {
    for (const name of ['return_to', 'returnTo', 'next', 'redirect', 'url']) {
      const page = await browser.ask(`${desk.issuer}/?${name}=${encodeURIComponent(path)}`);
      expect(page.location).toBeUndefined();
      expect(page.body).not.toContain('evil');
    }
  }
  for (const path of ['//evil.example', '/%2f%2fevil.example', '/@evil.example', '/.//evil.example']) {
    const page = await browser.ask(`${desk.issuer}${path}`);
    expect([path, page.status, page.location]).toEqual([path, 404, undefined]);
  }
});

test('A18 text that came in an address is never shown', async () => {
  const browser = newBrowser(desk);
  const text = 'Call-555-0100-now';
  const query = `error=${text}&error_description=${text}&message=${text}&app=${text}&ui_locales=${text}`;
  const addresses = [
    `/?${query}`,
    `/interaction/${text}?${query}`,
    `/oauth/logout/success?client_id=${text}`,
    `/oauth/logout?client_id=${text}`,
    `/oauth/logout?post_logout_redirect_uri=https://${text}`,
    `/oauth/authorize?client_id=${text}&${query}`,
    `/oauth/authorize?client_id=site-a&redirect_uri=https://${text}&response_type=${text}`,
    `/${text}`,
  ];
  for (const address of addresses) {
    const page = await browser.visit(`${desk.issuer}${address}`);
    expect([address, page.body.includes(text)]).toEqual([address, false]);
  }
});

describe('A19 names of apps', () => {
  test.each([
    ['with a text that is turned round', 'Bank\u202Egro.live'],
    ['with an invisible character', 'Bank\u200B'],
    ['with a line feed', 'Bank\nSign in'],
    ['of 50 KB', 'x'.repeat(50_000)],
    ['that are empty', '   '],
  ])('%s are turned down', async (_how, name) => {
    await expect(app(desk, { id: 'strange-name', name })).rejects.toThrow(Refusal);
  });

  test('with markup are shown as they are', async () => {
    const name = '<img src=x onerror=alert(1)>"&\'';
    const strange = await app(desk, { id: 'marked-up', name });
    const page = await newBrowser(desk).visit(authorize(desk, strange).url);
    expect(page.root.querySelector('main img')).toBeNull();
    expect(page.body).toContain('Sign in to &lt;img src=x onerror=alert(1)&gt;');
  });
});
