/** security.md, part B: tokens of one kind for another, CORS, forms, clocks, and what a database dump is worth. */
import { exportJWK, exportPKCS8, importJWK, type CryptoKey } from 'jose';
import { ann, audience, notesApi, siteA, siteB, type RegisteredApp } from '../support/cast.ts';
import { dump, statement } from '../support/database.ts';
import {
  answerIn,
  authorize,
  callAs,
  codeFor,
  exchange,
  newBrowser,
  refresh,
  signIn,
  tokensFor,
  userinfo,
  type Tokens,
} from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { ask, type Browser } from '../support/browser.ts';
import { listSigningKeys } from '../../src/keys/signing-key-repository.ts';

let frontdesk: Frontdesk;
let appA: RegisteredApp;
let appB: RegisteredApp;
let known: Browser;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await notesApi(frontdesk);
  await ann(frontdesk);
  appA = await siteA(frontdesk);
  appB = await siteB(frontdesk);
  known = newBrowser(frontdesk);
  await codeFor(known, authorize(frontdesk, appA));
});
afterAll(() => frontdesk.close());

test('B18 an id of one kind is worth nothing as another kind', async () => {
  const request = authorize(frontdesk, appA);
  const code = await codeFor(known, request);
  const waiting = await newBrowser(frontdesk).ask(authorize(frontdesk, appA).url);
  const interaction = /\/interaction\/([^?]+)/.exec(waiting.location!)![1]!;
  const session = await known.cookie(frontdesk.issuer, 'fd_session');
  const { access_token: access, refresh_token: renewal } = await tokensFor(frontdesk, known, appA);
  const [{ uid } = { uid: '' }] = await frontdesk.db.read<{ uid: string }>(statement('select uid from sessions'));
  const ids = { code, interaction, session: session!, access, renewal: renewal!, uid };
  for (const [kind, id] of Object.entries(ids)) {
    if (kind !== 'code') {
      expect([kind, (await exchange(frontdesk, appA, { code: id, verifier: request.verifier })).status]).toEqual([
        kind,
        400,
      ]);
    }
    if (kind !== 'renewal') expect([kind, (await refresh(frontdesk, appA, id)).status]).toEqual([kind, 400]);
    if (kind !== 'access') expect([kind, (await userinfo(frontdesk, id)).status]).toEqual([kind, 401]);
    if (kind !== 'session') {
      const answer = await ask(request.url, { headers: { cookie: `fd_session=${id}` } });
      expect([kind, answer.location?.includes('/interaction/')]).toEqual([kind, true]);
    }
    if (kind === 'access' || kind === 'renewal') continue;
    expect((await callAs(frontdesk, appA, '/oauth/introspect', { token: id })).json()).toEqual({ active: false });
  }
  // And all of them are still worth something as what they are.
  expect((await exchange(frontdesk, appA, { code, verifier: request.verifier })).status).toBe(200);
  expect((await userinfo(frontdesk, access)).status).toBe(200);
});

describe('B20 CORS', () => {
  const own = 'http://site-b.localhost:9';
  const strangers = ['https://evil.example', 'http://site-b.localhost', 'http://site-a.localhost:9', 'null'];
  const preflight = (path: string, origin: string) =>
    ask(`${frontdesk.issuer}${path}`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    });

  test('the token and userinfo endpoints answer pages of registered origins only', async () => {
    const tokens = await tokensFor(frontdesk, known, appB, { scope: 'openid email' });
    for (const origin of [own, ...strangers]) {
      const expected = origin === own ? own : undefined;
      for (const path of ['/oauth/token', '/oauth/userinfo']) {
        const answer = await preflight(path, origin);
        expect([origin, answer.headers['access-control-allow-origin']]).toEqual([origin, expected]);
      }
      const headers = { origin, authorization: `Bearer ${tokens.access_token}` };
      const info = await ask(`${frontdesk.issuer}/oauth/userinfo`, { headers });
      expect([origin, info.headers['access-control-allow-origin']]).toEqual([origin, expected]);
      expect(info.status).toBe(origin === own ? 200 : 400);
      const form = { grant_type: 'refresh_token', refresh_token: 'x', client_id: 'site-b' };
      const answer = await ask(`${frontdesk.issuer}/oauth/token`, { form, headers: { origin } });
      expect([origin, answer.headers['access-control-allow-origin']]).toEqual([origin, expected]);
      expect(answer.headers['access-control-allow-credentials']).toBe(expected && 'true');
    }
  });

  test('pages of ours answer no other origin at all', async () => {
    const form = await newBrowser(frontdesk).visit(authorize(frontdesk, appA).url);
    for (const path of ['/', new URL(form.url).pathname, '/oauth/authorize', '/oauth/logout', '/oauth/introspect']) {
      for (const origin of [own, 'https://evil.example']) {
        const simple = await ask(`${frontdesk.issuer}${path}`, { headers: { origin } });
        expect([path, simple.headers['access-control-allow-origin']]).toEqual([path, undefined]);
        const flight = await preflight(path, origin);
        expect([path, flight.headers['access-control-allow-origin']]).toEqual([path, undefined]);
      }
    }
  });

  test('what is public is open to every page', async () => {
    for (const path of ['/oauth/jwks', '/.well-known/openid-configuration']) {
      const answer = await ask(`${frontdesk.issuer}${path}`, { headers: { origin: 'https://anybody.example' } });
      expect(answer.headers['access-control-allow-origin']).toBe('https://anybody.example');
      expect((await ask(`${frontdesk.issuer}${path}`)).headers['access-control-allow-origin']).toBe('*');
    }
  });
});

test('B21 forms answer 303', async () => {
  const browser = newBrowser(frontdesk);
  const form = await browser.visit(authorize(frontdesk, appA).url);
  const csrf = form.root.querySelector('input[name=csrf]')!.getAttribute('value')!;
  const action = new URL(form.root.querySelector('form')!.getAttribute('action')!, form.url).href;
  const answer = await browser.ask(action, { form: { csrf, login: 'ann', password: 'correct horse battery staple' } });
  expect(answer.status).toBe(303);
  expect((await browser.ask(answer.location!)).status).toBe(303);
  const question = await browser.visit(`${frontdesk.issuer}/oauth/logout`);
  const xsrf = question.root.querySelector('input[name=xsrf]')!.getAttribute('value')!;
  const out = await browser.ask(`${frontdesk.issuer}/oauth/logout/confirm`, { form: { xsrf, logout: 'yes' } });
  expect(out.status).toBe(303);
});

describe('B22 what has expired is refused by the clock, though its row is there', () => {
  const expire = (kind: string) =>
    frontdesk.db.read(
      statement(`update artifacts set payload = payload || '{"exp": 1000}', expires_at = now() where kind = '${kind}'`),
    );

  test('codes, refresh tokens, access tokens', async () => {
    const request = authorize(frontdesk, appA);
    const code = await codeFor(known, request);
    const tokens = await tokensFor(frontdesk, known, appA);
    await Promise.all(['AuthorizationCode', 'RefreshToken', 'AccessToken'].map(expire));
    expect((await exchange(frontdesk, appA, { code, verifier: request.verifier })).status).toBe(400);
    expect((await refresh(frontdesk, appA, tokens.refresh_token!)).status).toBe(400);
    expect((await userinfo(frontdesk, tokens.access_token)).status).toBe(401);
  });

  test('interactions', async () => {
    const browser = newBrowser(frontdesk);
    const form = await browser.visit(authorize(frontdesk, appA).url);
    await expire('Interaction');
    expect((await signIn(form, 'ann')).text).toContain('This page has expired');
  });

  test('grants', async () => {
    const tokens = await tokensFor(frontdesk, known, appA);
    await frontdesk.db.read(statement("update grants set expires_at = now() - interval '1 second'"));
    expect((await refresh(frontdesk, appA, tokens.refresh_token!)).status).toBe(400);
    expect((await userinfo(frontdesk, tokens.access_token)).status).toBe(401);
  });

  test('sessions, by the second', async () => {
    const browser = newBrowser(frontdesk);
    const tokens = await tokensFor(frontdesk, browser, appA);
    await frontdesk.db.read(statement("update sessions set expires_at = now() - interval '1 second'"));
    const page = await browser.visit(authorize(frontdesk, appA).url);
    expect(page.root.querySelector('input[name=login]')).not.toBeNull();
    expect((await refresh(frontdesk, appA, tokens.refresh_token!)).status).toBe(400);
  });
});

test('a dump of the database holds no value that opens anything', async () => {
  const browser = newBrowser(frontdesk);
  const form = await browser.visit(authorize(frontdesk, appB, { scope: 'openid notes:read', resource: audience }).url);
  const interaction = new URL(form.url).pathname.split('/')[2]!;
  const request = authorize(frontdesk, appB, {
    scope: 'openid notes:read offline_access',
    resource: audience,
    prompt: 'consent',
  });
  const code = await codeFor(browser, request);
  const unused = await codeFor(browser, authorize(frontdesk, appB));
  const tokens = (await exchange(frontdesk, appB, { code, verifier: request.verifier })).json<Tokens>();
  const again = (await refresh(frontdesk, appB, tokens.refresh_token!)).json<Tokens>();
  const opaque = await tokensFor(frontdesk, browser, appA);
  const hinted = await browser.visit(
    authorize(frontdesk, appA, { prompt: 'login', id_token_hint: opaque.id_token! }).url,
  );
  const logout = await browser.visit(`${frontdesk.issuer}/oauth/logout?id_token_hint=${opaque.id_token}`);
  expect([hinted.status, logout.status, answerIn(logout)]).toEqual([200, 200, {}]);

  const kept = (await browser.jar.serialize()).cookies as { value: string }[];
  const cookies = kept.map(({ value }) => value).filter(Boolean);
  const privateKeys = await Promise.all(
    (await listSigningKeys(frontdesk.db, frontdesk.keyring)).map(async ({ privateJwk, algorithm }) => {
      const key = (await importJWK({ ...privateJwk, ext: true } as never, algorithm, {
        extractable: true,
      })) as CryptoKey;
      return [String(privateJwk.d), (await exportPKCS8(key)).split('\n')[1]!, (await exportJWK(key)).d!];
    }),
  );
  const secrets = {
    ...Object.fromEntries(cookies.map((value, index) => [`cookie ${index}`, value])),
    ...Object.fromEntries(privateKeys.flat().map((value, index) => [`private key ${index}`, value])),
    ...{ interaction, code, unused, secret: appA.secret!, rootSecret: frontdesk.secret, verifier: request.verifier },
    ...{ access: tokens.access_token, renewal: tokens.refresh_token!, id: tokens.id_token! },
    ...{ access2: again.access_token, renewal2: again.refresh_token!, id2: again.id_token! },
    ...{ opaque: opaque.access_token, renewal3: opaque.refresh_token!, id3: opaque.id_token! },
    password: 'correct horse battery staple',
  };
  const everything = await dump(frontdesk.db);
  const log = frontdesk.logged.join('');
  for (const [name, value] of Object.entries(secrets)) {
    expect([name, typeof value === 'string' && value.length > 15]).toEqual([name, true]);
    for (const shape of [value, Buffer.from(value).toString('hex'), Buffer.from(value).toString('base64')]) {
      expect([name, everything.includes(shape)]).toEqual([name, false]);
      expect([name, log.includes(shape)]).toEqual([name, false]);
    }
  }
});
