/** security.md, part B: what apps may have, and what of it lasts. Each test is named by its number. */
import { removeClient } from '../../src/clients/remove-client.ts';
import { ann, app, audience, notesApi, siteA } from '../support/cast.ts';
import { statement } from '../support/database.ts';
import { answerIn, authorize, callAs, codeFor, newBrowser, tokensFor } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { registerApi } from '../../src/apis/register-api.ts';

let frontdesk: Frontdesk;
const opaque = 'https://opaque.example/api';

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await ann(frontdesk);
  await notesApi(frontdesk);
  const rest = { name: 'Opaque', scopes: {}, accessTokenLifetimeSeconds: 300, clientId: undefined };
  await registerApi(
    frontdesk.db,
    { audience: opaque, tokenFormat: 'opaque', jwtType: 'at+jwt', ...rest },
    'command-line',
  );
});
afterAll(() => frontdesk.close());

const credentials = { grant_type: 'client_credentials' };

describe('B14', () => {
  test('a program gets a token for an API, and never one that is for nothing', async () => {
    const none = await app(frontdesk, { id: 'of-no-api', kind: 'machine' });
    const one = await app(frontdesk, { id: 'of-one-api', kind: 'machine', apis: [{ audience }] });
    const two = await app(frontdesk, { id: 'of-two', kind: 'machine', apis: [{ audience }, { audience: opaque }] });
    for (const machine of [none, two]) {
      const answer = await callAs(frontdesk, machine, '/oauth/token', credentials);
      expect([answer.status, answer.json()['error']]).toEqual([400, 'invalid_target']);
      expect(answer.json()['error_description']).toContain('name the API');
    }
    expect((await callAs(frontdesk, one, '/oauth/token', credentials)).status).toBe(200);
    expect((await callAs(frontdesk, two, '/oauth/token', { ...credentials, resource: audience })).status).toBe(200);
  });

  test('no more than ten resources are looked up', async () => {
    const one = await app(frontdesk, { id: 'of-many', kind: 'web', isFirstParty: true, apis: [{ audience }] });
    const request = new URL(authorize(frontdesk, one).url);
    for (let count = 0; count < 11; count += 1) request.searchParams.append('resource', audience);
    const browser = newBrowser(frontdesk);
    expect(answerIn(await browser.visit(request.href))['error']).toBe('invalid_target');
    request.searchParams.delete('resource');
    for (let count = 0; count < 10; count += 1) request.searchParams.append('resource', audience);
    expect((await browser.visit(request.href)).status).toBe(200);
  });
});

test('E05 what a removed app got for itself stays dead when its name is given away again', async () => {
  const registration = { id: 'short-lived', kind: 'machine', apis: [{ audience: opaque }] } as const;
  const before = await app(frontdesk, { ...registration, apis: [...registration.apis] });
  const { access_token: token } = (await callAs(frontdesk, before, '/oauth/token', credentials)).json<
    Record<string, string>
  >();
  const isActive = async (as: typeof before) =>
    (await callAs(frontdesk, as, '/oauth/introspect', { token: token! })).json()['active'];
  expect(await isActive(before)).toBe(true);
  await removeClient(frontdesk.db, 'short-lived', 'command-line');
  expect(await isActive(await app(frontdesk, { ...registration, apis: [...registration.apis] }))).toBe(false);
});

describe('B15 a person who let an app in', () => {
  const [here, there] = ['http://here.localhost:9/callback', 'http://there.localhost:9/callback'];

  test('is asked again when it wants the answer at another host', async () => {
    const third = await app(frontdesk, { id: 'moving', redirectUris: [here, there] });
    const browser = newBrowser(frontdesk);
    const asksAgain = async (redirectUri: string) =>
      (await browser.visit(authorize(frontdesk, { ...third, redirectUri }).url)).root.querySelector('.permissions') !==
      null;
    await codeFor(browser, authorize(frontdesk, third));
    expect(await asksAgain(here)).toBe(false);
    expect(await asksAgain(there)).toBe(true);
    await codeFor(browser, authorize(frontdesk, { ...third, redirectUri: there }));
    expect(await asksAgain(there)).toBe(false);
  });

  test('has one answer for all the ports of a program on the same machine', async () => {
    const native = await app(frontdesk, { id: 'native', kind: 'native', redirectUris: ['http://127.0.0.1/callback'] });
    const browser = newBrowser(frontdesk);
    for (const port of [4711, 4712])
      await codeFor(browser, authorize(frontdesk, { ...native, redirectUri: `http://127.0.0.1:${port}/callback` }));
    const rows = await frontdesk.db.read(statement(`select redirect_hosts from consents where client_id = 'native'`));
    expect(rows).toEqual([{ redirect_hosts: ['127.0.0.1'] }]);
  });
});

test('A03 a new root secret goes in without a new secret for any client, and the old one can go', async () => {
  const own = await startFrontdesk();
  await ann(own);
  const site = await siteA(own);
  const tokens = await tokensFor(own, newBrowser(own), site);
  const fresh = 'a-new-root-secret-of-more-than-32-characters';
  const ask = async (secret: string, form: Record<string, string>) => {
    const process = await startFrontdesk({ beside: own, settings: { SECRET: secret } });
    const answer = await callAs(own, site, '/oauth/introspect', form, process.port);
    await process.close();
    return answer;
  };
  const form = { token: tokens.access_token };
  expect((await ask(`${fresh},${own.secret}`, form)).json()['active']).toBe(true);
  expect((await ask(fresh, form)).status).toBe(200);
  const rows = await own.db.read<{ count: number }>(
    statement(`select cardinality(secret_hashes) as count from clients where id = 'site-a'`),
  );
  expect(rows).toEqual([{ count: 1 }]);
  await own.close();
});
