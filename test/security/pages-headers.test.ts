/** Requirements of README.md beside this file: A11 to A13, A15, A17 to A20, F05. Tests the headers of pages, and that a GET request neither writes, redirects elsewhere nor shows text of its URL. */
import { sendRequest, type Page } from '../support/browser.ts';
import { app, ann, siteA, siteB, notesApi, type RegisteredApp } from '../support/people-and-apps.ts';
import { dumpWithoutJobs, runSql } from '../support/database.ts';
import { authorize, codeFor, newBrowser, signIn } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { Refusal } from '../../src/errors.ts';

let frontdesk: Frontdesk;
let appA: RegisteredApp;
let appB: RegisteredApp;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await notesApi(frontdesk);
  await ann(frontdesk);
  appA = await siteA(frontdesk);
  appB = await siteB(frontdesk);
});

describe('A11', () => {
  test('GET and HEAD requests for pages of Frontdesk change no row', async () => {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, appA));
    const form = await newBrowser(frontdesk).visit(authorize(frontdesk, appA).url);
    const consent = await browser.visit(authorize(frontdesk, appB, { prompt: 'consent' }).url);
    const before = await dumpWithoutJobs(frontdesk.db);
    for (const url of ['/', '/healthz', '/readyz', '/no-such-page', new URL(form.url).pathname]) {
      for (const method of ['GET', 'HEAD']) await browser.send(`${frontdesk.issuer}${url}`, { method });
    }
    await browser.visit(consent.url);
    await browser.visit(`${consent.url}&as=another`);
    expect(await dumpWithoutJobs(frontdesk.db)).toBe(before);
  });

  test('rows that anonymous GET requests insert expire after 15 minutes', async () => {
    await newBrowser(frontdesk).visit(authorize(frontdesk, appA).url);
    await newBrowser(frontdesk).send(`${frontdesk.issuer}/oauth/logout`);
    const rows = await runSql<{ seconds: number }>(
      frontdesk.db,
      `select extract(epoch from max(expires_at) - now())::int as seconds from sessions where account_id is null
        union all select extract(epoch from max(expires_at) - now())::int from artifacts
        where kind = 'Interaction' and payload -> 'session' is null`,
    );
    for (const { seconds } of rows) expect(seconds).toBeLessThanOrEqual(15 * 60 + 15);
    expect(rows).toHaveLength(2);
  });

  test('F05 very many anonymous GET requests from one network are refused', async () => {
    const strict = await startFrontdesk({ sameDeploymentAs: frontdesk, settings: { RATE_LIMIT_FACTOR: '0.05' } });
    const responses = [];
    for (let count = 0; count < 14; count += 1) {
      responses.push(await newBrowser(strict, strict.port).send(authorize(frontdesk, appA).url));
    }
    await strict.close();
    expect(responses.map(({ status }) => status)).toEqual([...Array<number>(12).fill(303), 429, 429]);
    expect(Number(responses.at(-1)!.headers['retry-after'])).toBeGreaterThan(0);
    expect(responses.at(-1)!.body).toContain('There were too many requests from your network');
  });
});

describe('A12, A13, A17, A20: the headers of every page', () => {
  /** Opens a page of every kind, also error pages and pages of oidc-provider. */
  const pages = async (): Promise<Record<string, Page>> => {
    const browser = newBrowser(frontdesk);
    const form = await browser.visit(authorize(frontdesk, appA).url);
    const wrong = await signIn(form, 'ann', 'wrong');
    await codeFor(browser, authorize(frontdesk, appA));
    const consent = await browser.visit(authorize(frontdesk, appB, { prompt: 'consent' }).url);
    const accountChoice = await browser.visit(authorize(frontdesk, appA, { prompt: 'select_account' }).url);
    const formPost = await browser.visit(authorize(frontdesk, appA, { response_mode: 'form_post' }).url);
    const signOut = await browser.visit(`${frontdesk.issuer}/oauth/logout`);
    const signedOut = await signOut.submit({ logout: 'yes' });
    return {
      ...{ form, wrong, consent, accountChoice, formPost, signOut, signedOut },
      welcome: await browser.visit(`${frontdesk.issuer}/`),
      missing: await browser.visit(`${frontdesk.issuer}/nothing/here`),
      expired: await newBrowser(frontdesk).visit(form.url),
      client: await browser.visit(authorize(frontdesk, { ...appA, id: 'nobody' }).url),
      redirect: await browser.visit(authorize(frontdesk, appA, { redirect_uri: 'https://evil.example' }).url),
      forbidden: await form.submit({}, { headers: { 'sec-fetch-site': 'cross-site' } }),
      host: await browser.visit(`${frontdesk.issuer}/`, { headers: { host: 'evil.example' } }),
      logout: await browser.visit(`${frontdesk.issuer}/oauth/logout?id_token_hint=nonsense`),
    };
  };

  test('every page forbids frames, inline scripts, sniffing and caching', async () => {
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
      const hasTokenInAddress = ['signOut', 'logout', 'signedOut'].includes(name);
      expect([name, headers['referrer-policy']]).toEqual([name, hasTokenInAddress ? 'no-referrer' : 'same-origin']);
      expect([name, page.root.querySelectorAll('script:not([src]), [style], [onclick]').length]).toEqual([name, 0]);
    }
  });

  test('A14 form-action is self, except on pages whose forms redirect to apps', async () => {
    const pagesThatLeadToApps = new Set(['form', 'wrong', 'consent', 'accountChoice', 'formPost', 'signOut']);
    for (const [name, { headers }] of Object.entries(await pages())) {
      const [, targets] = /form-action ([^;]*)/.exec(String(headers['content-security-policy'])) ?? [];
      expect([name, targets]).toEqual([name, pagesThatLeadToApps.has(name) ? undefined : "'self'"]);
    }
  });

  test('A17 an https issuer sends HSTS, and an http issuer does not', async () => {
    expect((await sendRequest(`${frontdesk.issuer}/`)).headers['strict-transport-security']).toBeUndefined();
    const secure = await startFrontdesk({ settings: { ISSUER: 'https://idp.example' } });
    const response = await sendRequest('https://idp.example/', {}, secure.port);
    expect(response.headers['strict-transport-security']).toBe('max-age=31536000');
    await secure.close();
  });
});

test('A15 no parameter or path redirects to another host', async () => {
  const browser = newBrowser(frontdesk);
  for (const path of [
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    'https:evil.example',
    '%2f%2fevil.example',
  ]) {
    for (const name of ['return_to', 'returnTo', 'next', 'redirect', 'url']) {
      const page = await browser.send(`${frontdesk.issuer}/?${name}=${encodeURIComponent(path)}`);
      expect(page.location).toBeUndefined();
      expect(page.body).not.toContain('evil');
    }
  }
  for (const path of ['//evil.example', '/%2f%2fevil.example', '/@evil.example', '/.//evil.example']) {
    const page = await browser.send(`${frontdesk.issuer}${path}`);
    expect([path, page.status, page.location]).toEqual([path, 404, undefined]);
  }
});

test('A18 no page shows text from its URL', async () => {
  const browser = newBrowser(frontdesk);
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
    const page = await browser.visit(`${frontdesk.issuer}${address}`);
    expect([address, page.body.includes(text)]).toEqual([address, false]);
  }
});

describe('A19 names of apps', () => {
  test.each([
    ['with a direction override', 'Bank\u202Egro.live'],
    ['with an invisible character', 'Bank\u200B'],
    ['with a line feed', 'Bank\nSign in'],
    ['of 50 KB', 'x'.repeat(50_000)],
    ['of spaces only', '   '],
  ])('%s are refused', async (_how, name) => {
    await expect(app(frontdesk, { id: 'strange-name', name })).rejects.toThrow(Refusal);
  });

  test('with markup are escaped', async () => {
    const name = '<img src=x onerror=alert(1)>"&\'';
    const markedUpApp = await app(frontdesk, { id: 'marked-up', name });
    const page = await newBrowser(frontdesk).visit(authorize(frontdesk, markedUpApp).url);
    expect(page.root.querySelector('main img')).toBeNull();
    expect(page.body).toContain('Sign in to &lt;img src=x onerror=alert(1)&gt;');
  });
});
