/** Requirements of README.md beside this file: A13, A19, B01, B23, E05, F05. What an app can do that nobody checked. */
import { ann } from '../support/people-and-apps.ts';
import { runSql } from '../support/database.ts';
import { authorize, newBrowser, signIn, tokensFor, userinfo } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import {
  asApp,
  metadata,
  register,
  registered,
  registrationToken,
  send,
  withRegistration,
} from '../support/registration.ts';
import type { Registered } from '../support/registration.ts';

const bank = 'https://bank.example/callback';
const evil = 'https://evil.example/callback';
let frontdesk: Frontdesk;
let token: string;

beforeAll(async () => {
  frontdesk = await startFrontdesk({ settings: withRegistration });
  await ann(frontdesk);
  token = await registrationToken(frontdesk);
});

const change = (client: Registered, more: object) =>
  send(client.registration_client_uri, 'PUT', client.registration_access_token, {
    client_id: client.client_id,
    ...metadata(more),
  });
const subjectOf = async (accessToken: string) => (await userinfo(frontdesk, accessToken)).json()['sub'];
const pairwise = { subject_type: 'pairwise' };

describe('B23 an app cannot learn the subject of another sector', () => {
  test('by moving there', async () => {
    const client = await registered(frontdesk, { redirect_uris: [evil], ...pairwise });
    const tokens = await tokensFor(frontdesk, newBrowser(frontdesk), asApp(client));
    const before = await subjectOf(tokens.access_token);
    const moved = await change(client, { redirect_uris: [bank], ...pairwise });
    expect([moved.status, moved.json()['error']]).toEqual([400, 'invalid_client_metadata']);
    expect(await subjectOf(tokens.access_token)).toBe(before);
    expect(
      (await change(client, { redirect_uris: [evil, evil.replace('callback', 'other')], ...pairwise })).status,
    ).toBe(200);
  });

  test('by becoming pairwise', async () => {
    const client = await registered(frontdesk, { redirect_uris: [bank, evil] });
    expect((await change(client, { redirect_uris: [bank], ...pairwise })).status).toBe(400);
  });

  test('by a private-use scheme, a loopback address, or logout notices to another host', async () => {
    const scheme = await register(
      frontdesk,
      token,
      metadata({ application_type: 'native', redirect_uris: ['com.evil.app://bank.example/callback'], ...pairwise }),
    );
    const web = await registered(frontdesk, { redirect_uris: [bank], ...pairwise });
    const subjects = await Promise.all(
      [scheme.json<Registered>(), web].map(async (client) => {
        const { access_token: access } = await tokensFor(frontdesk, newBrowser(frontdesk), asApp(client));
        return subjectOf(access);
      }),
    );
    expect(new Set(subjects).size).toBe(2);
    const loopback = { application_type: 'native', redirect_uris: ['http://127.0.0.1/callback'], ...pairwise };
    expect((await register(frontdesk, token, metadata(loopback))).status).toBe(400);
    const notices = { redirect_uris: [bank], backchannel_logout_uri: 'https://evil.example/logout' };
    expect((await register(frontdesk, token, metadata(notices))).status).toBe(400);
  });
});

describe('A13 no redirect URI injects into the content security policy', () => {
  test.each([
    'https://a;report-uri/',
    'https://a,b/',
    'https://a"b/',
    "https://a'b/",
    'https://a$b/',
    'https://[2001:db8::1]/',
    'https:evil.example/',
    'https:/evil.example/',
    'https:///evil.example/',
  ])('%s is no redirect URI', async (uri) => {
    expect((await register(frontdesk, token, metadata({ redirect_uris: [uri] }))).json()['error']).toBe(
      'invalid_redirect_uri',
    );
  });

  test('nor is one that was registered before', async () => {
    const client = await registered(frontdesk);
    const strange = `jsonb_set(metadata, '{redirect_uris,0}', '"https://a;x-y/"')`;
    await runSql(frontdesk.db, `update clients set metadata = ${strange} where id = '${client.client_id}'`);
    const page = await newBrowser(frontdesk).visit(
      authorize(frontdesk, { ...asApp(client), redirectUri: 'https://a;x-y/' }).url,
    );
    expect(page.headers['content-security-policy']).not.toContain('x-y');
  });
});

describe('A19 pages say where people really go', () => {
  test('not the host of a private-use scheme', async () => {
    const uri = 'com.evil.app://bank.example/callback';
    const client = await registered(frontdesk, {
      client_name: 'Bank',
      application_type: 'native',
      redirect_uris: [uri],
    });
    const page = await signIn(await newBrowser(frontdesk).visit(authorize(frontdesk, asApp(client)).url), 'ann');
    expect(page.text).toContain('com.evil.app:');
    expect(page.text).not.toContain('bank.example');
  });

  test('not a logo on another host', async () => {
    const looks = { logo_uri: 'https://bank.example/logo.png', client_uri: 'https://bank.example/' };
    const client = await registered(frontdesk, { redirect_uris: [evil, bank], ...looks });
    const page = await newBrowser(frontdesk).visit(authorize(frontdesk, { ...asApp(client), redirectUri: evil }).url);
    expect(page.headers['content-security-policy']).not.toContain('bank.example');
    expect(page.root.querySelector('main img')).toBeNull();
    const there = await newBrowser(frontdesk).visit(authorize(frontdesk, { ...asApp(client), redirectUri: bank }).url);
    expect(there.root.querySelector('main img')?.getAttribute('src')).toBe('https://bank.example/logo.png');
  });

  test('not an address of Frontdesk', async () => {
    const own = metadata({ redirect_uris: [`${frontdesk.issuer}/account/callback`] });
    expect((await register(frontdesk, token, own)).json()['error']).toBe('invalid_redirect_uri');
  });

  test('and neither name nor link an app by a parameter', async () => {
    const client = await registered(frontdesk, { client_name: 'Your bank. Sign in again', redirect_uris: [evil] });
    for (const path of [
      `/oauth/logout/success?client_id=${client.client_id}`,
      `/interaction/x?app=${client.client_id}`,
    ]) {
      const page = await newBrowser(frontdesk).visit(`${frontdesk.issuer}${path}`);
      expect(page.text).not.toContain('Your bank');
      expect(page.body).not.toContain('href="https://evil.example');
    }
  });
});

test('B01 a redirect URI that was removed during an interaction gets no code', async () => {
  const client = await registered(frontdesk, { redirect_uris: [evil, bank] });
  const browser = newBrowser(frontdesk);
  const consent = await signIn(
    await browser.visit(authorize(frontdesk, { ...asApp(client), redirectUri: evil }).url),
    'ann',
  );
  expect((await change(client, { redirect_uris: [bank] })).status).toBe(200);
  const late = await consent.submit();
  expect([late.status, late.location]).toEqual([400, undefined]);
});

test('E05 a concurrent change does not undo a removal, and an empty change records no event', async () => {
  const client = await registered(frontdesk);
  const events = async () =>
    (
      await runSql<{ kind: string }>(
        frontdesk.db,
        `select kind from audit_events where client_id = '${client.client_id}' order by at`,
      )
    ).map(({ kind }) => kind);
  for (let count = 0; count < 5; count += 1) expect((await change(client, {})).status).toBe(200);
  expect(await events()).toEqual(['client.registered']);
  await Promise.all([
    send(client.registration_client_uri, 'DELETE', client.registration_access_token),
    ...[1, 2, 3].map((count) => change(client, { client_name: `Name ${count}` })),
  ]);
  expect((await change(client, { client_name: 'Late' })).status).toBe(401);
  expect((await events()).at(-1)).toBe('client.removed');
});

test('F05 a flood of registrations is refused', async () => {
  const strict = await startFrontdesk({
    sameDeploymentAs: frontdesk,
    settings: { ...withRegistration, RATE_LIMIT_FACTOR: '0.02' },
  });
  const statuses = [];
  for (let count = 0; count < 7; count += 1)
    statuses.push((await send(`${frontdesk.issuer}/oauth/register`, 'POST', token, metadata(), strict.port)).status);
  await strict.close();
  expect(statuses).toEqual([201, 201, 201, 201, 201, 429, 429]);
});
