/** Requirements of README.md beside this file: A13, A19, B01, B23, E05, F05. Tests that a malicious app that registered itself cannot harm people or other apps. */
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

const bankUri = 'https://bank.example/callback';
const evilUri = 'https://evil.example/callback';
let frontdesk: Frontdesk;
let token: string;

beforeAll(async () => {
  frontdesk = await startFrontdesk({ settings: withRegistration });
  await ann(frontdesk);
  token = await registrationToken(frontdesk);
});

const changeMetadata = (client: Registered, more: object) =>
  send(client.registration_client_uri, 'PUT', client.registration_access_token, {
    client_id: client.client_id,
    ...metadata(more),
  });
const subjectOf = async (accessToken: string) => (await userinfo(frontdesk, accessToken)).json()['sub'];
const pairwise = { subject_type: 'pairwise' };

describe('B23 an app cannot learn the subject of another sector', () => {
  test('by moving its redirect URI there', async () => {
    const client = await registered(frontdesk, { redirect_uris: [evilUri], ...pairwise });
    const tokens = await tokensFor(frontdesk, newBrowser(frontdesk), asApp(client));
    const before = await subjectOf(tokens.access_token);
    const response = await changeMetadata(client, { redirect_uris: [bankUri], ...pairwise });
    expect([response.status, response.json()['error']]).toEqual([400, 'invalid_client_metadata']);
    expect(await subjectOf(tokens.access_token)).toBe(before);
    expect(
      (await changeMetadata(client, { redirect_uris: [evilUri, evilUri.replace('callback', 'other')], ...pairwise }))
        .status,
    ).toBe(200);
  });

  test('by changing its subject type to pairwise', async () => {
    const client = await registered(frontdesk, { redirect_uris: [bankUri, evilUri] });
    expect((await changeMetadata(client, { redirect_uris: [bankUri], ...pairwise })).status).toBe(400);
  });

  test('by a private-use scheme, a loopback address or a logout URI on another host', async () => {
    const schemeResponse = await register(
      frontdesk,
      token,
      metadata({ application_type: 'native', redirect_uris: ['com.evil.app://bank.example/callback'], ...pairwise }),
    );
    const web = await registered(frontdesk, { redirect_uris: [bankUri], ...pairwise });
    const subjects = await Promise.all(
      [schemeResponse.json<Registered>(), web].map(async (client) => {
        const { access_token: access } = await tokensFor(frontdesk, newBrowser(frontdesk), asApp(client));
        return subjectOf(access);
      }),
    );
    expect(new Set(subjects).size).toBe(2);
    const loopback = { application_type: 'native', redirect_uris: ['http://127.0.0.1/callback'], ...pairwise };
    expect((await register(frontdesk, token, metadata(loopback))).status).toBe(400);
    const notices = { redirect_uris: [bankUri], backchannel_logout_uri: 'https://evil.example/logout' };
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
  ])('%s is refused as a redirect URI', async (uri) => {
    expect((await register(frontdesk, token, metadata({ redirect_uris: [uri] }))).json()['error']).toBe(
      'invalid_redirect_uri',
    );
  });

  test('a stored unsafe redirect URI does not reach the policy', async () => {
    const client = await registered(frontdesk);
    const metadataWithUnsafeUri = `jsonb_set(metadata, '{redirect_uris,0}', '"https://a;x-y/"')`;
    await runSql(
      frontdesk.db,
      `update clients set metadata = ${metadataWithUnsafeUri} where id = '${client.client_id}'`,
    );
    const page = await newBrowser(frontdesk).visit(
      authorize(frontdesk, { ...asApp(client), redirectUri: 'https://a;x-y/' }).url,
    );
    expect(page.headers['content-security-policy']).not.toContain('x-y');
  });
});

describe('A19 pages show only the host that the browser is redirected to', () => {
  test('a page shows the private-use scheme, not the host behind it', async () => {
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

  test('a page shows no logo from another host', async () => {
    const appearance = { logo_uri: 'https://bank.example/logo.png', client_uri: 'https://bank.example/' };
    const client = await registered(frontdesk, { redirect_uris: [evilUri, bankUri], ...appearance });
    const page = await newBrowser(frontdesk).visit(
      authorize(frontdesk, { ...asApp(client), redirectUri: evilUri }).url,
    );
    expect(page.headers['content-security-policy']).not.toContain('bank.example');
    expect(page.root.querySelector('main img')).toBeNull();
    const pageForBank = await newBrowser(frontdesk).visit(
      authorize(frontdesk, { ...asApp(client), redirectUri: bankUri }).url,
    );
    expect(pageForBank.root.querySelector('main img')?.getAttribute('src')).toBe('https://bank.example/logo.png');
  });

  test('a redirect URI of Frontdesk itself is refused', async () => {
    const ownAddress = metadata({ redirect_uris: [`${frontdesk.issuer}/account/callback`] });
    expect((await register(frontdesk, token, ownAddress)).json()['error']).toBe('invalid_redirect_uri');
  });

  test('a page neither names nor links to an app because of a URL parameter', async () => {
    const client = await registered(frontdesk, { client_name: 'Your bank. Sign in again', redirect_uris: [evilUri] });
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

test('B01 no code is sent to a redirect URI that was removed during the interaction', async () => {
  const client = await registered(frontdesk, { redirect_uris: [evilUri, bankUri] });
  const browser = newBrowser(frontdesk);
  const consent = await signIn(
    await browser.visit(authorize(frontdesk, { ...asApp(client), redirectUri: evilUri }).url),
    'ann',
  );
  expect((await changeMetadata(client, { redirect_uris: [bankUri] })).status).toBe(200);
  const lateResponse = await consent.submit();
  expect([lateResponse.status, lateResponse.location]).toEqual([400, undefined]);
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
  for (let count = 0; count < 5; count += 1) expect((await changeMetadata(client, {})).status).toBe(200);
  expect(await events()).toEqual(['client.registered']);
  await Promise.all([
    send(client.registration_client_uri, 'DELETE', client.registration_access_token),
    ...[1, 2, 3].map((count) => changeMetadata(client, { client_name: `Name ${count}` })),
  ]);
  expect((await changeMetadata(client, { client_name: 'Late' })).status).toBe(401);
  expect((await events()).at(-1)).toBe('client.removed');
});

test('F05 too many registrations from one network are refused', async () => {
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
