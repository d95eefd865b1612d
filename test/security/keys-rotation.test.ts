/** Requirement of README.md beside this file: C12. Signing keys rotate without a restart, and no token fails to verify. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createLocalJWKSet, createRemoteJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';
import { listSigningKeys } from '../../src/keys/signing-key-repository.ts';
import { rotateSigningKeys } from '../../src/keys/rotate-signing-keys.ts';
import { defaultPolicy } from '../../src/policy/policy.ts';
import { createCachingClient } from '../bench/keys/caching-client.ts';
import { sendRequest, type Browser } from '../support/browser.ts';
import { ann, audience, notesApi, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { runSql } from '../support/database.ts';
import { responseParameters, authorize, callAs, newBrowser, tokensFor, type Tokens } from '../support/flow.ts';
import { eventually } from '../support/eventually.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { runFrontdesk } from '../support/terminal.ts';

let one: Frontdesk;
let two: Frontdesk;
let appA: RegisteredApp;
let known: Browser;

beforeAll(async () => {
  one = await startFrontdesk();
  two = await startFrontdesk({ sameDeploymentAs: one });
  await ann(one);
  await notesApi(one);
  appA = await siteA(one, { apis: [{ audience }] });
  known = newBrowser(one);
});

const inTerminal = async (...args: string[]): Promise<string> => {
  const environment = { ISSUER: one.issuer, SECRET: one.secret, DATABASE_URL: one.database.url };
  const { code, out, error } = await runFrontdesk(args, environment);
  if (code !== 0) throw new Error(error);
  return out;
};
const rotate = (...more: string[]) => inTerminal('keys', 'rotate', ...more);

const documents = ['/oauth/jwks', '/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'];
const fetchFrom = ({ port }: Frontdesk, path: string, headers: Record<string, string> = {}) =>
  sendRequest(`${one.issuer}${path}`, { headers }, port);
const keysOf = async (frontdesk: Frontdesk) => (await fetchFrom(frontdesk, '/oauth/jwks')).json<JSONWebKeySet>();
const kidsOf = async (frontdesk: Frontdesk) => (await keysOf(frontdesk)).keys.map(({ kid }) => kid!);
const kidOf = (token: string) => decodeProtectedHeader(token).kid!;

const parameters = { scope: 'openid notes:read', resource: audience };
const signIn = () => tokensFor(one, known, appA, parameters);
const refresh = async (frontdesk: Frontdesk, token: string): Promise<Tokens> => {
  const form = { grant_type: 'refresh_token', refresh_token: token, resource: audience };
  const response = await callAs(one, appA, '/oauth/token', form, frontdesk.port);
  if (response.status !== 200) throw new Error(response.body);
  return response.json<Tokens>();
};

/** Waits until it is true of both processes. */
async function untilBoth(isSo: (frontdesk: Frontdesk) => Promise<boolean>): Promise<void> {
  for (const frontdesk of [one, two]) await eventually(() => isSo(frontdesk));
}

test.each(documents)('C12 %s is cached for minutes, and answered 304 afterwards', async (path) => {
  const [response, other] = [await fetchFrom(one, path), await fetchFrom(two, path)];
  expect(response.headers['cache-control']).toBe('public, max-age=300');
  expect(response.headers.etag).toMatch(/^"[\w-]{22}"$/);
  // The same from every process.
  expect(other.headers.etag).toBe(response.headers.etag);
  for (const frontdesk of [one, two]) {
    const again = await fetchFrom(frontdesk, path, { 'if-none-match': response.headers.etag! });
    expect([again.status, again.body]).toEqual([304, '']);
    expect(again.headers['cache-control']).toBe('public, max-age=300');
  }
  // As caches and `fetch` ask.
  const ways: Record<string, string>[] = [
    { 'if-none-match': `"another", W/${response.headers.etag!}` },
    { 'if-none-match': response.headers.etag!, 'cache-control': 'no-cache', pragma: 'no-cache' },
  ];
  for (const headers of ways) expect((await fetchFrom(one, path, headers)).status).toBe(304);
  expect((await fetchFrom(one, path, { 'if-none-match': '"another"' })).status).toBe(200);
});

test('C12 a key that is announced is published by every process and signs nothing yet', async () => {
  const before = await kidsOf(one);
  const { etag } = (await fetchFrom(one, '/oauth/jwks')).headers;
  expect(await rotate()).toContain('published, and sign in 1d');
  await untilBoth(async (frontdesk) => (await kidsOf(frontdesk)).length === before.length + 2);
  expect((await fetchFrom(two, '/oauth/jwks', { 'if-none-match': etag! })).status).toBe(200);
  const tokens = await signIn();
  for (const frontdesk of [one, two]) {
    const { access_token: access, id_token: id } = await refresh(frontdesk, tokens.refresh_token!);
    expect(before).toEqual(expect.arrayContaining([kidOf(access), kidOf(id!)]));
  }
});

test('C12 keys that are replaced at once sign no more, and what they signed still verifies', async () => {
  const before = await kidsOf(one);
  const old = await signIn();
  expect(await rotate('--now')).toContain('may refuse new tokens for one to five minutes');
  await untilBoth(async (frontdesk) => (await kidsOf(frontdesk)).length === before.length + 2);
  const tokens = await signIn();
  for (const frontdesk of [one, two]) {
    const { access_token: access, id_token: id } = await refresh(frontdesk, tokens.refresh_token!);
    expect([before.includes(kidOf(access)), before.includes(kidOf(id!))]).toEqual([false, false]);
    const keys = createLocalJWKSet(await keysOf(frontdesk));
    for (const token of [access, old.access_token]) await jwtVerify(token, keys, { audience, issuer: one.issuer });
    for (const token of [id!, old.id_token!]) await jwtVerify(token, keys, { audience: appA.id, issuer: one.issuer });
  }
});

test('C12 retired keys stay for 90 days, then every process removes them', async () => {
  const old = await signIn();
  await rotate('--now');
  const age = (days: number) =>
    runSql(
      one.db,
      `update signing_keys set retires_at = now() - interval '${days} days' where kid = '${kidOf(old.id_token!)}'`,
    );
  const hinted = async () =>
    responseParameters(await known.send(authorize(one, appA, { id_token_hint: old.id_token! }).url));
  const timetable = () => rotateSigningKeys({ db: one.db, keyring: one.keyring, policy: defaultPolicy });

  await age(89);
  await timetable();
  const kept = (await listSigningKeys(one.db, one.keyring)).map(({ kid }) => kid);
  for (const kids of [kept, await kidsOf(one), await kidsOf(two)]) expect(kids).toContain(kidOf(old.id_token!));
  expect((await hinted())['code']).toBeTruthy();
  await age(91);
  await timetable();
  await untilBoth(async (frontdesk) => !(await kidsOf(frontdesk)).includes(kidOf(old.id_token!)));
  expect((await hinted())['error']).toBe('invalid_request');
});

test('C12 under load, no token fails to verify while keys rotate again and again', async () => {
  await inTerminal('policy', 'set', 'key_announcement', '12s');
  await untilBoth(
    async (frontdesk) => (await fetchFrom(frontdesk, '/oauth/jwks')).headers['cache-control'] === 'public, max-age=3',
  );
  const url = `${one.issuer}/oauth/jwks`;
  const clients = [createCachingClient(url), createRemoteJWKSet(new URL(url), { cooldownDuration: 4_000 })];
  const seen = { verified: 0, failed: [] as string[], kids: new Set<string>() };
  const stopped = new AbortController();

  async function use(frontdesk: Frontdesk, index: number): Promise<void> {
    let { refresh_token: next } = await tokensFor(one, newBrowser(one), appA, parameters);
    while (!stopped.signal.aborted) {
      const tokens = await refresh(frontdesk, next!);
      next = tokens.refresh_token;
      seen.kids.add(kidOf(tokens.access_token));
      for (const keys of clients) {
        seen.verified += 1;
        await jwtVerify(tokens.access_token, keys, { issuer: one.issuer, audience, typ: 'at+jwt' }).catch(
          (error: Error) => seen.failed.push(`${index}: ${error.message}`),
        );
      }
    }
  }
  async function rotateOften(): Promise<void> {
    for (let count = 0; count < 4; count += 1) {
      await sleep(1_000);
      await rotate();
    }
    // The four of this test, and the one that signed before.
    await eventually(() => seen.kids.size === 5);
    stopped.abort();
  }
  await Promise.all([rotateOften(), ...[one, two, one, two].map(use)]);
  expect(seen.failed).toEqual([]);
  expect(seen.kids.size).toBe(5);
  expect(seen.verified).toBeGreaterThan(100);
});
